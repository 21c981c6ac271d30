package interop;

import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Request-reply, answering side, until standard input closes: {@code --nameserver H:P --group G --topic T}.
 */
public final class Reply {
    private Reply() {
    }

    public static void main(String[] arguments) {
        try {
            Options options = new Options(arguments);
            DefaultMQProducer producer = new DefaultMQProducer(options.required("group") + "-replies");
            producer.setNamesrvAddr(options.required("nameserver"));
            Identity.set(producer, options);
            producer.start();
            DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(options.required("group"));
            consumer.setNamesrvAddr(options.required("nameserver"));
            Identity.set(consumer, options);
            consumer.subscribe(options.required("topic"), "*");
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
                for (MessageExt message : messages) {
                    answer(producer, message);
                }
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
            consumer.start();
            Lines.event("ready").print();
            while (System.in.read() >= 0) {
                continue;
            }
            consumer.shutdown();
            producer.shutdown();
            Lines.event("done").print();
            System.exit(0);
        } catch (Throwable reason) {
            Lines.fail(reason);
        }
    }

    private static void answer(DefaultMQProducer producer, MessageExt message) {
        try {
            String question = new String(message.getBody(), StandardCharsets.UTF_8);
            Message reply = MessageUtil.createReplyMessage(message,
                ("answer to " + question).getBytes(StandardCharsets.UTF_8));
            producer.send(reply);
            Lines.event("answered").with("text", question).print();
        } catch (Exception reason) {
            Lines.event("unanswered").with("message", reason.toString()).print();
        }
    }
}
