package interop;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.AckCallback;
import org.apache.rocketmq.client.consumer.AckResult;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PopCallback;
import org.apache.rocketmq.client.consumer.PopResult;
import org.apache.rocketmq.client.impl.MQClientAPIImpl;
import org.apache.rocketmq.common.consumer.ReceiptHandle;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.protocol.header.AckMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ChangeInvisibleTimeRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ExtraInfoUtil;
import org.apache.rocketmq.remoting.protocol.header.PopMessageRequestHeader;

/**
 * POP by the calls of the client's API: {@code --nameserver H:P --broker H:P --broker-name B --group G --topic T
 * --invisible-ms N
 * --wait-ms N --max-nums N}. It reads one command a line: {@code receive}, {@code ack KEY ...},
 * {@code ackAll KEY ...} (one batch), {@code later KEY MS}; each prints "received" lines and ends with "ok".
 */
@SuppressWarnings("deprecation")
public final class PopCalls {
    private static final int TIMEOUT_MS = 20_000;
    private static final int POP_MAX = 32;
    private static final int INIT_MIN = 0;

    private final Options options;
    private final MQClientAPIImpl api;
    private final List<MessageExt> popped = new ArrayList<>();

    private PopCalls(Options options, MQClientAPIImpl api) {
        this.options = options;
        this.api = api;
    }

    public static void main(String[] arguments) {
        try {
            Options options = new Options(arguments);
            DefaultMQPullConsumer client = new DefaultMQPullConsumer(options.required("group"));
            client.setNamesrvAddr(options.required("nameserver"));
            Identity.set(client, options);
            client.start();
            client.fetchSubscribeMessageQueues(options.required("topic"));
            PopCalls calls = new PopCalls(options,
                client.getDefaultMQPullConsumerImpl().getRebalanceImpl().getmQClientFactory().getMQClientAPIImpl());
            java.io.BufferedReader commands =
                new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
            Lines.event("ready").print();
            for (String line = commands.readLine(); line != null; line = commands.readLine()) {
                calls.run(line.split(" "));
                Lines.event("ok").with("command", line).print();
            }
            System.exit(0);
        } catch (Throwable reason) {
            Lines.fail(reason);
        }
    }

    private void run(String[] words) throws Exception {
        switch (words[0]) {
            case "receive":
                receive();
                break;
            case "ack":
                for (int i = 1; i < words.length; i++) {
                    ack(messageOf(words[i]));
                }
                break;
            case "ackAll":
                List<String> receipts = new ArrayList<>();
                for (int i = 1; i < words.length; i++) {
                    receipts.add(receiptOf(messageOf(words[i])));
                }
                CompletableFuture<AckResult> acked = new CompletableFuture<>();
                api.batchAckMessageAsync(broker(), TIMEOUT_MS, callback(acked), options.required("topic"),
                    options.required("group"), receipts);
                acked.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
                break;
            case "later":
                later(messageOf(words[1]), Long.parseLong(words[2]));
                break;
            default:
                throw new IllegalArgumentException("unknown command " + words[0]);
        }
    }

    private void receive() throws Exception {
        PopMessageRequestHeader header = new PopMessageRequestHeader();
        header.setConsumerGroup(options.required("group"));
        header.setTopic(options.required("topic"));
        header.setQueueId(-1);
        header.setMaxMsgNums(options.number("max-nums", POP_MAX));
        header.setInvisibleTime(options.number("invisible-ms", 10_000));
        header.setPollTime(options.number("wait-ms", 2_000));
        header.setBornTime(System.currentTimeMillis());
        header.setInitMode(INIT_MIN);
        header.setExpType("TAG");
        header.setExp("*");
        CompletableFuture<PopResult> result = new CompletableFuture<>();
        api.popMessageAsync(options.required("broker-name"), broker(), header, TIMEOUT_MS, new PopCallback() {
            @Override
            public void onSuccess(PopResult popResult) {
                result.complete(popResult);
            }

            @Override
            public void onException(Throwable reason) {
                result.completeExceptionally(reason);
            }
        });
        List<MessageExt> found = result.get(TIMEOUT_MS, TimeUnit.MILLISECONDS).getMsgFoundList();
        for (MessageExt message : found == null ? new ArrayList<MessageExt>() : found) {
            Received.print(message);
            popped.add(message);
        }
    }

    private void ack(MessageExt message) throws Exception {
        ReceiptHandle receipt = ReceiptHandle.decode(receiptOf(message));
        AckMessageRequestHeader header = new AckMessageRequestHeader();
        header.setConsumerGroup(options.required("group"));
        header.setTopic(receipt.getRealTopic(options.required("topic"), options.required("group")));
        header.setQueueId(receipt.getQueueId());
        header.setOffset(receipt.getOffset());
        header.setExtraInfo(receipt.getReceiptHandle());
        CompletableFuture<AckResult> acked = new CompletableFuture<>();
        api.ackMessageAsync(broker(), TIMEOUT_MS, callback(acked), header);
        acked.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }

    private void later(MessageExt message, long invisibleMs) throws Exception {
        ReceiptHandle receipt = ReceiptHandle.decode(receiptOf(message));
        ChangeInvisibleTimeRequestHeader header = new ChangeInvisibleTimeRequestHeader();
        header.setConsumerGroup(options.required("group"));
        header.setTopic(receipt.getRealTopic(options.required("topic"), options.required("group")));
        header.setQueueId(receipt.getQueueId());
        header.setOffset(receipt.getOffset());
        header.setExtraInfo(receipt.getReceiptHandle());
        header.setInvisibleTime(invisibleMs);
        CompletableFuture<AckResult> changed = new CompletableFuture<>();
        api.changeInvisibleTimeAsync(options.required("broker-name"), broker(), header, TIMEOUT_MS, callback(changed));
        changed.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }

    /** What the API's batch call wants is the receipt with the offset of the message behind it. */
    private static String receiptOf(MessageExt message) {
        String[] parts = ExtraInfoUtil.split(message.getProperty(MessageConst.PROPERTY_POP_CK));
        String receipt = message.getProperty(MessageConst.PROPERTY_POP_CK);
        return parts.length > 7 ? receipt : receipt + " " + message.getQueueOffset();
    }

    /** Go's client ends KEYS with a blank. */
    private MessageExt messageOf(String key) {
        for (int i = popped.size() - 1; i >= 0; i--) {
            if (key.equals(popped.get(i).getKeys().trim())) {
                return popped.get(i);
            }
        }
        throw new IllegalArgumentException("nothing popped with key " + key);
    }

    private String broker() {
        return options.required("broker");
    }

    private static AckCallback callback(CompletableFuture<AckResult> into) {
        return new AckCallback() {
            @Override
            public void onSuccess(AckResult result) {
                into.complete(result);
            }

            @Override
            public void onException(Throwable reason) {
                into.completeExceptionally(reason);
            }
        };
    }
}
