package bridge;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.spring.annotation.RocketMQMessageListener;
import org.apache.rocketmq.spring.core.RocketMQListener;
import org.apache.rocketmq.spring.core.RocketMQReplyListener;
import org.springframework.stereotype.Component;

/** What a Nest service publishes arrives here: as an object, as a whole message, and as a question. */
public final class Listeners {
    private Listeners() {}

    @Component
    @RocketMQMessageListener(
        topic = "spring_topic",
        selectorExpression = "created",
        consumerGroup = "spring_objects")
    public static class Objects implements RocketMQListener<Order> {
        @Override
        public void onMessage(Order order) {
            Lines.print("object", Map.of("id", order.id, "amount", order.amount));
        }
    }

    @Component
    @RocketMQMessageListener(topic = "spring_topic", consumerGroup = "spring_messages")
    public static class Messages implements RocketMQListener<MessageExt> {
        @Override
        public void onMessage(MessageExt message) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("body", new String(message.getBody(), StandardCharsets.UTF_8));
            fields.put("tags", message.getTags());
            fields.put("keys", message.getKeys());
            fields.put("tenant", message.getUserProperty("tenant"));
            fields.put("attempt", message.getReconsumeTimes() + 1);
            Lines.print("message", fields);
            if ("flaky".equals(message.getTags()) && message.getReconsumeTimes() == 0) {
                throw new IllegalStateException("only the second time");
            }
        }
    }

    @Component
    @RocketMQMessageListener(topic = "spring_quote", consumerGroup = "spring_quotes")
    public static class Quotes implements RocketMQReplyListener<Order, Quote> {
        @Override
        public Quote onMessage(Order order) {
            return Quote.of(order.id, order.amount * 2);
        }
    }
}
