package interop;

import java.util.List;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;

/**
 * Sends the messages of a plan, each delayed by its property delayMs, and takes the first one back:
 * {@code --nameserver H:P --group G --plan FILE}.
 */
public final class Recall {
    private Recall() {
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
        producer.start();
        String handle = null;
        String sentId = null;
        for (Plan.Item item : items) {
            item.message.setDelayTimeMs(Long.parseLong(item.message.getUserProperty("delayMs")));
            SendResult result = producer.send(item.message);
            if (handle == null) {
                handle = result.getRecallHandle();
                sentId = result.getMsgId();
            }
        }
        String recalled = producer.recallMessage(items.get(0).message.getTopic(), handle);
        Lines.event("recalled").with("messageId", recalled).with("sentId", sentId).print();
        producer.shutdown();
        Lines.event("done").print();
    }
}
