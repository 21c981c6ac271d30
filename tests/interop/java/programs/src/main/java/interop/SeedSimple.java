package interop;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Does what the Java programs of two introductory texts do, and then ends. {@code --seed 002}: ten
 * synchronous sends of "Hello RocketMQ i" with TagA to TopicTest, and a push consumer of everything in it.
 * {@code --seed 004}: one send to my-topic with my-tag, and a consumer of that tag from the first offset that
 * takes one message at a time (that text's setConsumeMessageBatchMaxSizeList and one-argument listener do not
 * exist in any client).
 */
public final class SeedSimple {
    private static final int DEADLINE_SECONDS = 150;

    private SeedSimple() {
    }

    public static void main(String[] arguments) {
        try {
            Options options = new Options(arguments);
            if (options.required("seed").equals("002")) {
                produce(options, "ProducerGroupName", "TopicTest", "TagA", 10, "Hello RocketMQ ");
                consume(options, "ConsumerGroupName", "TopicTest", "*", 10);
            } else {
                produce(options, "my-producer-group", "my-topic", "my-tag", 1, "my-message-body");
                consume(options, "my-consumer-group", "my-topic", "my-tag", 1);
            }
            Lines.event("done").print();
            System.exit(0);
        } catch (Throwable reason) {
            Lines.fail(reason);
        }
    }

    private static void produce(
        Options options, String group, String topic, String tag, int count, String text) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(group);
        producer.setNamesrvAddr(options.required("nameserver"));
        producer.setSendMsgTimeout(20_000);
        Identity.set(producer, options);
        producer.start();
        for (int i = 0; i < count; i++) {
            String body = count == 1 ? text : text + i;
            SendStatus status = producer.send(
                new Message(topic, tag, body.getBytes(StandardCharsets.UTF_8))).getSendStatus();
            Lines.event("sent").with("index", i).with("status", status.name()).print();
        }
        producer.shutdown();
    }

    private static void consume(Options options, String group, String topic, String expression, int count)
        throws Exception {
        CountDownLatch left = new CountDownLatch(count);
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(options.required("nameserver"));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeMessageBatchMaxSize(1);
        Identity.set(consumer, options);
        consumer.subscribe(topic, expression);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                Received.print(message);
                left.countDown();
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        Lines.event("started").print();
        if (!left.await(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(left.getCount() + " of " + count + " messages did not come");
        }
        consumer.shutdown();
    }
}
