package interop;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * A push consumer: {@code --nameserver H:P --group G --topic T [--expression '*'] [--sql EXPR] [--orderly]
 * [--broadcast] [--count N] [--deadline-ms 60000] [--linger-ms 0] [--fail-attempts K [--fail-tag TAG]]
 * [--max-reconsume N] [--batch 1] [--instance NAME]}. It prints "ready" when rebalance has given it queues of
 * the topic, and ends after N distinct messages, after the deadline (exit 3), or when standard input closes.
 */
public final class Consume {
    private static final int READY_POLL_MS = 50;
    /** The first level, 1 s, so that a test does not wait 10 s for the client's usual level 3. */
    private static final int RETRY_DELAY_LEVEL = 1;

    private final Options options;
    private final int failAttempts;
    private final String failTag;
    private final int count;
    private final Map<String, Integer> failures = new ConcurrentHashMap<>();
    private final Set<String> distinct = ConcurrentHashMap.newKeySet();
    private final CountDownLatch complete = new CountDownLatch(1);

    private Consume(Options options) {
        this.options = options;
        this.failAttempts = options.number("fail-attempts", 0);
        this.failTag = options.text("fail-tag", null);
        this.count = options.number("count", 0);
    }

    public static void main(String[] arguments) {
        try {
            System.exit(new Consume(new Options(arguments)).run());
        } catch (Throwable reason) {
            Lines.fail(reason);
        }
    }

    private int run() throws Exception {
        DefaultMQPushConsumer consumer = configured();
        consumer.start();
        Lines.event("started").print();
        endWithStandardInput();
        int deadlineMs = options.number("deadline-ms", 60_000);
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(deadlineMs);
        awaitQueues(consumer, deadline);
        long left = Math.max(0, deadline - System.nanoTime());
        boolean ended = complete.await(left, TimeUnit.NANOSECONDS);
        Thread.sleep(ended ? options.number("linger-ms", 0) : 0);
        consumer.shutdown();
        Lines.event(ended ? "done" : "deadline").with("distinct", distinct.size()).print();
        return ended ? 0 : 3;
    }

    private DefaultMQPushConsumer configured() throws Exception {
        String topic = options.required("topic");
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(options.required("group"));
        consumer.setNamesrvAddr(options.required("nameserver"));
        Identity.set(consumer, options);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setPollNameServerInterval(options.number("route-poll-ms", 5_000));
        consumer.setConsumeMessageBatchMaxSize(options.number("batch", 1));
        consumer.setMaxReconsumeTimes(options.number("max-reconsume", -1));
        if (options.has("broadcast")) {
            setBroadcasting(consumer);
        }
        String sql = options.text("sql", null);
        if (sql != null) {
            consumer.subscribe(topic, MessageSelector.bySql(sql));
        } else {
            consumer.subscribe(topic, options.text("expression", "*"));
        }
        if (options.has("orderly")) {
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                context.setSuspendCurrentQueueTimeMillis(200);
                return accept(messages) ? ConsumeOrderlyStatus.SUCCESS
                    : ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
            });
        } else {
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
                context.setDelayLevelWhenNextConsume(RETRY_DELAY_LEVEL);
                return accept(messages) ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS
                    : ConsumeConcurrentlyStatus.RECONSUME_LATER;
            });
        }
        return consumer;
    }

    private boolean accept(List<MessageExt> messages) {
        boolean accepted = true;
        for (MessageExt message : messages) {
            Received.print(message);
            String identity = Received.identity(message);
            boolean chosen = failTag == null || failTag.equals(message.getTags());
            if (chosen && failures.merge(identity, 1, Integer::sum) <= failAttempts) {
                accepted = false;
            } else {
                distinct.add(identity);
            }
        }
        if (count > 0 && distinct.size() >= count) {
            complete.countDown();
        }
        return accepted;
    }

    private void awaitQueues(DefaultMQPushConsumer consumer, long deadline) throws InterruptedException {
        String topic = options.required("topic");
        while (System.nanoTime() < deadline && complete.getCount() > 0) {
            int queues = 0;
            for (MessageQueue queue : consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl()
                .getProcessQueueTable().keySet()) {
                queues += queue.getTopic().equals(topic) ? 1 : 0;
            }
            if (queues > 0) {
                Lines.event("ready").with("queues", queues).print();
                return;
            }
            Thread.sleep(READY_POLL_MS);
        }
    }

    /** MessageModel moved to another package between 4.9 and 5.x, so its name cannot be written here. */
    private static void setBroadcasting(DefaultMQPushConsumer consumer) throws ReflectiveOperationException {
        for (Method method : DefaultMQPushConsumer.class.getMethods()) {
            if (method.getName().equals("setMessageModel")) {
                for (Object model : method.getParameterTypes()[0].getEnumConstants()) {
                    if (((Enum<?>) model).name().equals("BROADCASTING")) {
                        method.invoke(consumer, model);
                    }
                }
            }
        }
    }

    /** Lets the harness stop a consumer cleanly: it closes our standard input. */
    private void endWithStandardInput() {
        Thread watcher = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    continue;
                }
            } catch (java.io.IOException closed) {
                // A broken pipe means the same as an end.
            }
            complete.countDown();
        }, "standard-input");
        watcher.setDaemon(true);
        watcher.start();
    }
}
