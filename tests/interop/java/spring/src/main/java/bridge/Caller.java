package bridge;

import java.util.Map;
import java.util.Scanner;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.spring.core.RocketMQTemplate;
import org.apache.rocketmq.spring.support.RocketMQHeaders;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.stereotype.Component;

/** Speaks when its input says so, a word a line, until the input ends. */
@Component
public class Caller {
    private final RocketMQTemplate template;

    public Caller(RocketMQTemplate template) {
        this.template = template;
    }

    void run() {
        Lines.print("ready", Map.of());
        try (Scanner input = new Scanner(System.in)) {
            while (input.hasNextLine()) {
                if (input.nextLine().equals("send")) send();
                else ask();
            }
        }
        System.exit(0);
    }

    private void send() {
        template.convertAndSend("nest_topic:plain", Order.of("converted", 1));
        SendResult sent =
            template.syncSend(
                "nest_topic:rich",
                MessageBuilder.withPayload(Order.of("synchronous", 2))
                    .setHeader(RocketMQHeaders.KEYS, "key-1 key-2")
                    .setHeader("tenant", "acme")
                    .build());
        Lines.print("sent", Map.of("messageId", sent.getMsgId(), "status", sent.getSendStatus().name()));
    }

    private void ask() {
        Quote quote = template.sendAndReceive("nest_quote:ask", Order.of("asked", 21), Quote.class, 20_000);
        Lines.print("answer", Map.of("id", quote.id, "price", quote.price));
    }
}
