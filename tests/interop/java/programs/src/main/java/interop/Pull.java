package interop;

import java.util.Set;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Reads a whole topic by queue and offset, without a group's progress: {@code --nameserver H:P --topic T
 * [--group G] [--expression '*'] [--offsets] [--view-first]}. Every message is printed as "received", every
 * queue as "queue" with the offsets the broker reports. {@code --offsets} also commits and reads back a
 * consumer offset; {@code --view-first} also asks for each queue's first message by its offset id and by its
 * key.
 */
@SuppressWarnings("deprecation")
public final class Pull {
    private static final int PULL_MAX = 32;
    private static final int COMMIT_POLLS = 100;
    private static final int COMMIT_POLL_MS = 50;

    private Pull() {
    }

    public static void main(String[] arguments) {
        try {
            run(new Options(arguments));
            System.exit(0);
        } catch (Throwable reason) {
            Lines.fail(reason);
        }
    }

    private static void run(Options options) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(options.text("group", "interop-pull"));
        consumer.setNamesrvAddr(options.required("nameserver"));
        Identity.set(consumer, options);
        consumer.start();
        Set<MessageQueue> queues = consumer.fetchSubscribeMessageQueues(options.required("topic"));
        int total = 0;
        for (MessageQueue queue : queues) {
            total += readQueue(consumer, queue, options);
        }
        consumer.shutdown();
        Lines.event("done").with("count", total).print();
    }

    private static int readQueue(DefaultMQPullConsumer consumer, MessageQueue queue, Options options)
        throws Exception {
        long min = consumer.minOffset(queue);
        long max = consumer.maxOffset(queue);
        Lines line = Lines.event("queue")
            .with("brokerName", queue.getBrokerName())
            .with("queueId", queue.getQueueId())
            .with("minOffset", min)
            .with("maxOffset", max)
            .with("offsetOfTimeZero", consumer.searchOffset(queue, 0))
            .with("offsetOfFarFuture", consumer.searchOffset(queue, System.currentTimeMillis() + 3_600_000));
        if (max > min) {
            line.with("earliestStoreTime", consumer.earliestMsgStoreTime(queue));
        }
        int count = 0;
        long offset = min;
        while (offset < max) {
            PullResult result = consumer.pull(queue, options.text("expression", "*"), offset, PULL_MAX);
            if (result.getPullStatus() == PullStatus.FOUND) {
                for (MessageExt message : result.getMsgFoundList()) {
                    if (count == 0 && options.has("view-first")) {
                        view(consumer, message);
                    }
                    Received.print(message);
                    count++;
                }
            } else if (result.getPullStatus() != PullStatus.NO_MATCHED_MSG) {
                throw new IllegalStateException(queue + " at " + offset + ": " + result);
            }
            if (result.getNextBeginOffset() <= offset) {
                throw new IllegalStateException(queue + " does not advance at " + offset + ": " + result);
            }
            offset = result.getNextBeginOffset();
        }
        // Only now: a commit of a group that the broker has not met, in a heartbeat or a pull, is refused.
        if (options.has("offsets")) {
            consumer.updateConsumeOffset(queue, max);
            consumer.getDefaultMQPullConsumerImpl().getOffsetStore().persist(queue);
            line.with("committed", awaitCommitted(consumer, queue, max));
        }
        line.print();
        return count;
    }

    /** The commit is one-way and the broker may take the question first. */
    private static long awaitCommitted(DefaultMQPullConsumer consumer, MessageQueue queue, long expected)
        throws Exception {
        long committed = consumer.fetchConsumeOffset(queue, true);
        for (int i = 0; i < COMMIT_POLLS && committed != expected; i++) {
            Thread.sleep(COMMIT_POLL_MS);
            committed = consumer.fetchConsumeOffset(queue, true);
        }
        return committed;
    }

    private static void view(DefaultMQPullConsumer consumer, MessageExt message) throws Exception {
        String topic = message.getTopic();
        String offsetId = org.apache.rocketmq.common.message.MessageDecoder.createMessageId(
            message.getStoreHost(), message.getCommitLogOffset());
        MessageExt byOffset = consumer.viewMessage(topic, offsetId);
        Lines line = Lines.event("viewed").with("msgId", byOffset.getMsgId());
        if (message.getKeys() != null && !message.getKeys().isEmpty()) {
            String key = message.getKeys().split(" ")[0];
            QueryResult byKey = consumer.queryMessage(topic, key, PULL_MAX, 0, Long.MAX_VALUE);
            line.with("key", key).with("byKey", byKey.getMessageList().size());
        }
        line.print();
    }
}
