package interop;

import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;

/**
 * A push consumer that takes everything: {@code --nameserver H:P --group G --topic T --from first|last|timestamp
 * [--timestamp yyyyMMddHHmmss] [--broadcast] [--trace-topic T]}. It prints "ready" when it has a queue of the topic
 * and knows where to begin, and ends when standard input closes.
 */
public final class Listen {
    private static final int POLL_MS = 50;

    private Listen() {
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
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(options.required("group"));
        consumer.setNamesrvAddr(options.required("nameserver"));
        Identity.set(consumer, options);
        consumer.setConsumeFromWhere(
            ConsumeFromWhere.valueOf("CONSUME_FROM_" + whereOf(options.text("from", "first"))));
        if (options.text("timestamp", null) != null) {
            consumer.setConsumeTimestamp(options.required("timestamp"));
        }
        if (options.has("broadcast")) {
            consumer.setMessageModel(MessageModel.BROADCASTING);
        }
        String traceTopic = options.text("trace-topic", null);
        if (traceTopic != null) {
            consumer.setEnableTrace(true);
            consumer.setTraceTopic(traceTopic);
        }
        String topic = options.required("topic");
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            messages.forEach(Received::print);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        while (consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet().stream()
            .noneMatch(queue -> queue.getTopic().equals(topic))) {
            Thread.sleep(POLL_MS);
        }
        Lines.event("ready").print();
        while (System.in.read() >= 0) {
            continue;
        }
        consumer.shutdown();
    }

    private static String whereOf(String from) {
        return from.equals("timestamp") ? "TIMESTAMP" : from.toUpperCase() + "_OFFSET";
    }
}
