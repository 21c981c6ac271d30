package interop;

import java.util.Collection;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * A lite pull consumer on a topic of one queue: {@code --nameserver H:P --group G --topic T --count N}
 * and either {@code --sql EXPR} or {@code --seek OFFSET}. With --sql it subscribes and polls N messages. Else it
 * assigns the queue, polls N, commits, then goes back to the offset and polls once more.
 */
public final class LitePull {
    private static final int POLL_MS = 1_000;
    private static final int POLLS_MAX = 60;

    private LitePull() {
    }

    public static void main(String[] arguments) {
        try {
            Options options = new Options(arguments);
            DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(options.required("group"));
            consumer.setNamesrvAddr(options.required("nameserver"));
            Identity.set(consumer, options);
            consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
            consumer.setAutoCommit(false);
            if (options.text("sql", null) != null) {
                consumer.subscribe(options.required("topic"), MessageSelector.bySql(options.required("sql")));
                consumer.start();
                poll(consumer, options.number("count", 1));
            } else {
                consumer.start();
                assigned(consumer, options);
            }
            consumer.shutdown();
            Lines.event("done").print();
            System.exit(0);
        } catch (Throwable reason) {
            Lines.fail(reason);
        }
    }

    private static void assigned(DefaultLitePullConsumer consumer, Options options) throws Exception {
        Collection<MessageQueue> queues = consumer.fetchMessageQueues(options.required("topic"));
        MessageQueue queue = queues.iterator().next();
        consumer.assign(queues);
        consumer.seekToBegin(queue);
        poll(consumer, options.number("count", 1));
        consumer.commitSync();
        long committed = -1;
        for (int i = 0; i < POLLS_MAX && committed != options.number("count", 1); i++) {
            Thread.sleep(i == 0 ? 0 : POLL_MS / 10);
            committed = consumer.committed(queue);
        }
        Lines.event("offsets")
            .with("committed", committed)
            .with("ofTimeZero", consumer.offsetForTimestamp(queue, 0L))
            .with("ofFarFuture", consumer.offsetForTimestamp(queue, System.currentTimeMillis() + 3_600_000))
            .print();
        consumer.seek(queue, options.number("seek", 0));
        poll(consumer, options.number("count", 1) - options.number("seek", 0));
    }

    private static void poll(DefaultLitePullConsumer consumer, int count) {
        int found = 0;
        for (int i = 0; i < POLLS_MAX && found < count; i++) {
            List<MessageExt> messages = consumer.poll(POLL_MS);
            for (MessageExt message : messages) {
                Received.print(message);
            }
            found += messages.size();
        }
        Lines.event("polled").with("count", found).print();
    }
}
