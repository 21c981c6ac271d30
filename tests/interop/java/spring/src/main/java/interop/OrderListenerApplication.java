package interop;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** A Spring Boot application as in seed 003: rocketmq.name-server and the rest come from the command line. */
@SpringBootApplication
public class OrderListenerApplication {
    public static void main(String[] arguments) {
        SpringApplication.run(OrderListenerApplication.class, arguments);
        System.out.println("{\"event\":\"ready\"}");
    }
}
