package interop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.rocketmq.spring.annotation.RocketMQMessageListener;
import org.apache.rocketmq.spring.core.RocketMQListener;
import org.springframework.stereotype.Component;

/**
 * Tells the customer about an order; here: prints the order it received, converted by the starter, as one
 * line.
 */
@Component
@RocketMQMessageListener(topic = "order-topic", consumerGroup = "test-group")
public class OrderListener implements RocketMQListener<ShopOrder> {
    private final ObjectMapper json = new ObjectMapper();

    @Override
    public void onMessage(ShopOrder order) {
        try {
            System.out.println("{\"event\":\"order\",\"order\":" + json.writeValueAsString(order) + "}");
        } catch (JsonProcessingException reason) {
            throw new IllegalStateException(reason);
        }
    }
}
