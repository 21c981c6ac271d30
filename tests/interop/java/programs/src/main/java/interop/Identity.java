package interop;

import org.apache.rocketmq.client.ClientConfig;

/** Who a client says it is: {@code [--instance NAME] [--client-ip ADDRESS]}. */
final class Identity {
    private Identity() {
    }

    static void set(ClientConfig client, Options options) {
        client.setInstanceName(options.text("instance", "DEFAULT"));
        client.setClientIP(options.text("client-ip", client.getClientIP()));
    }
}
