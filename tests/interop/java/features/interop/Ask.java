package interop;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.remoting.RemotingClient;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;

/**
 * Sends requests as they stand in a file, with the remoting of the client and none of its checks:
 * {@code --nameserver H:P --group G --requests FILE}. A line has, separated by tabs: name, address, request
 * code, bytes of the body or "-", then names and values of fields in base64. It prints "answered" with code
 * and remark.
 */
@SuppressWarnings("deprecation")
public final class Ask {
    private static final int TIMEOUT_MS = 20_000;
    private static final int FIELDS_FROM = 4;

    private Ask() {
    }

    public static void main(String[] arguments) {
        try {
            Options options = new Options(arguments);
            DefaultMQPullConsumer client = new DefaultMQPullConsumer(options.required("group"));
            client.setNamesrvAddr(options.required("nameserver"));
            Identity.set(client, options);
            client.start();
            RemotingClient remoting = client.getDefaultMQPullConsumerImpl().getRebalanceImpl().getmQClientFactory()
                .getMQClientAPIImpl().getRemotingClient();
            for (String line : Files.readAllLines(Path.of(options.required("requests")))) {
                String[] columns = line.split("\t", -1);
                RemotingCommand answer = remoting.invokeSync(columns[1], request(columns), TIMEOUT_MS);
                Lines.event("answered").with("name", columns[0]).with("code", answer.getCode())
                    .with("remark", answer.getRemark()).print();
            }
            System.exit(0);
        } catch (Throwable reason) {
            Lines.fail(reason);
        }
    }

    private static RemotingCommand request(String[] columns) {
        RemotingCommand request = RemotingCommand.createRequestCommand(Integer.parseInt(columns[2]), null);
        Map<String, String> fields = new HashMap<>();
        for (int i = FIELDS_FROM; i + 1 < columns.length; i += 2) {
            fields.put(text(columns[i]), text(columns[i + 1]));
        }
        request.setExtFields((HashMap<String, String>) fields);
        if (!columns[3].equals("-")) {
            byte[] body = new byte[Integer.parseInt(columns[3])];
            Arrays.fill(body, (byte) 'x');
            request.setBody(body);
        }
        return request;
    }

    private static String text(String encoded) {
        return new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
    }
}
