package interop;

import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.impl.factory.MQClientInstance;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.message.MessageRequestMode;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/**
 * A push consumer whose group the broker serves by POP: {@code --nameserver H:P --broker H:P --group G
 * --topic T --count N [--fail-tag TAG]}. The first attempt of a message with that tag fails. It sets the request mode
 * itself, as mqadmin's setConsumeMode does, then starts again and asks the broker for its assignment.
 */
public final class PopQueue {
    private static final int TIMEOUT_MS = 20_000;
    private static final int POP_SHARE_QUEUES = 8;
    private static final int POLL_MS = 100;

    private PopQueue() {
    }

    public static void main(String[] arguments) {
        try {
            System.exit(run(new Options(arguments)) ? 0 : 3);
        } catch (Throwable reason) {
            Lines.fail(reason);
        }
    }

    /** Until the broker's assignment says POP, which the next rebalance asks for. */
    private static void awaitPop(DefaultMQPushConsumer consumer, String topic) throws InterruptedException {
        for (int i = 0; i < TIMEOUT_MS / POLL_MS; i++) {
            for (MessageQueue queue : consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl()
                .getPopProcessQueueTable().keySet()) {
                if (queue.getTopic().equals(topic)) {
                    return;
                }
            }
            consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().rebalanceImmediately();
            Thread.sleep(POLL_MS);
        }
        throw new IllegalStateException("the broker does not assign by POP");
    }

    private static boolean run(Options options) throws Exception {
        String topic = options.required("topic");
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(options.required("group"));
        consumer.setNamesrvAddr(options.required("nameserver"));
        Identity.set(consumer, options);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setClientRebalance(false);
        consumer.setPopInvisibleTime(options.number("invisible-ms", 10_000));
        consumer.subscribe(topic, "*");
        Map<String, Integer> attempts = new ConcurrentHashMap<>();
        Set<String> accepted = ConcurrentHashMap.newKeySet();
        CountDownLatch complete = new CountDownLatch(1);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                Received.print(message);
                boolean fails = options.text("fail-tag", "").equals(message.getTags());
                if (fails && attempts.merge(Received.identity(message), 1, Integer::sum) == 1) {
                    context.setDelayLevelWhenNextConsume(1);
                    return ConsumeConcurrentlyStatus.RECONSUME_LATER;
                }
                accepted.add(Received.identity(message));
            }
            if (accepted.size() >= options.number("count", 0)) {
                complete.countDown();
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        MQClientInstance client = consumer.getDefaultMQPushConsumerImpl().getmQClientFactory();
        client.getMQClientAPIImpl().setMessageRequestMode(options.required("broker"), topic,
            options.required("group"), MessageRequestMode.POP, POP_SHARE_QUEUES, TIMEOUT_MS);
        awaitPop(consumer, topic);
        Lines.event("ready").print();
        boolean ended = complete.await(options.number("deadline-ms", 60_000), TimeUnit.MILLISECONDS);
        consumer.shutdown();
        Lines.event(ended ? "done" : "deadline").with("distinct", accepted.size()).print();
        return ended;
    }
}
