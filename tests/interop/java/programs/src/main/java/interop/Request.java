package interop;

import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/**
 * Request-reply, asking side: {@code --nameserver H:P --group G --topic T [--count 5] [--timeout-ms 20000]}.
 */
public final class Request {
    private Request() {
    }

    public static void main(String[] arguments) {
        try {
            Options options = new Options(arguments);
            DefaultMQProducer producer = new DefaultMQProducer(options.required("group"));
            producer.setNamesrvAddr(options.required("nameserver"));
            Identity.set(producer, options);
            producer.start();
            int count = options.number("count", 5);
            for (int i = 0; i < count; i++) {
                byte[] question = ("question " + i + " 你好").getBytes(StandardCharsets.UTF_8);
                Message reply = producer.request(new Message(options.required("topic"), question),
                    options.number("timeout-ms", 20_000));
                Lines.event("reply").with("index", i)
                    .with("text", new String(reply.getBody(), StandardCharsets.UTF_8)).print();
            }
            producer.shutdown();
            Lines.event("done").with("count", count).print();
            System.exit(0);
        } catch (Throwable reason) {
            Lines.fail(reason);
        }
    }
}
