package interop;

import java.util.List;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.compression.CompressionType;

/**
 * Sends the messages of a plan with what only clients from 5.0 on can do: {@code --nameserver H:P --group G --plan FILE
 * [--compress ZLIB|LZ4|ZSTD] [--trace-topic T] [--priority]}. With --priority a message has the priority
 * of its property "wanted".
 */
public final class Special {
    private static final int TIMEOUT_MS = 20_000;

    private Special() {
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
        List<Plan.Item> items = Plan.read(options.required("plan"));
        DefaultMQProducer producer = new DefaultMQProducer(options.required("group"));
        producer.setNamesrvAddr(options.required("nameserver"));
        Identity.set(producer, options);
        producer.setSendMsgTimeout(TIMEOUT_MS);
        String compression = options.text("compress", null);
        if (compression != null) {
            producer.setCompressType(CompressionType.of(compression));
        }
        String traceTopic = options.text("trace-topic", null);
        if (traceTopic != null) {
            producer.setEnableTrace(true);
            producer.setTraceTopic(traceTopic);
        }
        producer.start();
        for (Plan.Item item : items) {
            if (options.has("priority")) {
                item.message.setPriority(Integer.parseInt(item.message.getUserProperty("wanted")));
            }
            Lines.event("sent").with("index", item.index).with("msgId", producer.send(item.message).getMsgId())
                .print();
        }
        producer.shutdown();
        Lines.event("done").print();
    }
}
