package bridge;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** What a Spring service and a Nest service say to each other; see src/nestjs/spring.test.ts. */
@SpringBootApplication
public class BridgeApplication {
    public static void main(String[] arguments) {
        SpringApplication.run(BridgeApplication.class, arguments).getBean(Caller.class).run();
    }
}
