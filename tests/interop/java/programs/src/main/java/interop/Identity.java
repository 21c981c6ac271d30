package interop;

import org.apache.rocketmq.client.ClientConfig;

/**
 * Who a client says it is, {@code [--instance NAME] [--client-ip ADDRESS]}, and that the machine may be slow.
 */
final class Identity {
    private static final int API_TIMEOUT_MS = 20_000;

    private Identity() {
    }

    static void set(ClientConfig client, Options options) {
        client.setInstanceName(options.text("instance", "DEFAULT"));
        client.setClientIP(options.text("client-ip", client.getClientIP()));
        client.setMqClientApiTimeout(API_TIMEOUT_MS);
    }
}
