package interop;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Sends the messages of a plan: {@code --nameserver H:P --group G --plan FILE
 * --mode sync|async|oneway|batch|transaction [--batch-size 32] [--instance NAME]
 * [--hold]}.
 * A sharding key in the plan chooses the queue by hash. In transaction mode a message is rolled back when
 * its tag is "rollback"; a tag that begins with "unknown" leaves it to a check, which rolls back what ends
 * with "rollback". With --hold it answers checks until its input ends.
 */
public final class Produce {
    private static final int RESULT_TIMEOUT_SECONDS = 30;
    private static final int ROUTE_POLLS = 20;
    private static final int ROUTE_POLL_MS = 250;

    private Produce() {
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
        String mode = options.text("mode", "sync");
        DefaultMQProducer producer = mode.equals("transaction")
            ? transactionProducer(options.required("group"))
            : new DefaultMQProducer(options.required("group"));
        producer.setNamesrvAddr(options.required("nameserver"));
        Identity.set(producer, options);
        producer.setSendMsgTimeout(options.number("timeout-ms", 20_000));
        producer.start();
        awaitRoute(producer, items.get(0).message.getTopic());
        send(producer, items, mode, options.number("batch-size", 32));
        if (options.has("hold")) {
            Lines.event("held").print();
            while (System.in.read() >= 0) {
                continue;
            }
        }
        producer.shutdown();
        Lines.event("done").with("count", items.size()).print();
    }

    /**
     * A send that finds the route lock taken for 3 s gives up, and the client's own first look at the name server takes
     * longer than that on a busy machine. This waits for the connection, without the lock.
     */
    private static void awaitRoute(DefaultMQProducer producer, String topic) throws InterruptedException {
        for (int i = 0; i < ROUTE_POLLS; i++) {
            try {
                producer.fetchPublishMessageQueues(topic);
                return;
            } catch (MQClientException notYet) {
                Thread.sleep(ROUTE_POLL_MS);
            }
        }
    }

    private static void send(DefaultMQProducer producer, List<Plan.Item> items, String mode, int batchSize)
        throws Exception {
        switch (mode) {
            case "sync":
                for (Plan.Item item : items) {
                    print(item.index, item.shardingKey.isEmpty()
                        ? producer.send(item.message)
                        : producer.send(item.message, new SelectMessageQueueByHash(), item.shardingKey));
                }
                break;
            case "async":
                sendAsync(producer, items);
                break;
            case "oneway":
                for (Plan.Item item : items) {
                    producer.sendOneway(item.message);
                    Lines.event("sent").with("index", item.index).with("status", "ONEWAY").print();
                }
                break;
            case "batch":
                for (int from = 0; from < items.size(); from += batchSize) {
                    sendBatch(producer, items.subList(from, Math.min(items.size(), from + batchSize)));
                }
                break;
            case "transaction":
                for (Plan.Item item : items) {
                    print(item.index, producer.sendMessageInTransaction(item.message, null));
                }
                break;
            default:
                throw new IllegalArgumentException("unknown --mode " + mode);
        }
    }

    private static void sendAsync(DefaultMQProducer producer, List<Plan.Item> items) throws Exception {
        CountDownLatch pending = new CountDownLatch(items.size());
        for (Plan.Item item : items) {
            SendCallback callback = new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    print(item.index, result);
                    pending.countDown();
                }

                @Override
                public void onException(Throwable reason) {
                    Lines.event("refused")
                        .with("index", item.index)
                        .with("message", reason.toString())
                        .print();
                    pending.countDown();
                }
            };
            if (item.shardingKey.isEmpty()) {
                producer.send(item.message, callback);
            } else {
                producer.send(item.message, new SelectMessageQueueByHash(), item.shardingKey, callback);
            }
        }
        if (!pending.await(RESULT_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(pending.getCount() + " async sends without a result");
        }
    }

    /** The broker answers a batch with comma-separated ids and the queue offset of its first message. */
    private static void sendBatch(DefaultMQProducer producer, List<Plan.Item> items) throws Exception {
        List<Message> messages = new ArrayList<>();
        for (Plan.Item item : items) {
            messages.add(item.message);
        }
        SendResult result = producer.send(messages);
        String[] ids = result.getMsgId().split(",");
        String[] offsetIds = result.getOffsetMsgId().split(",");
        for (int i = 0; i < items.size(); i++) {
            Lines.event("sent")
                .with("index", items.get(i).index)
                .with("status", result.getSendStatus().name())
                .with("msgId", ids[i])
                .with("offsetMsgId", offsetIds[i])
                .with("brokerName", result.getMessageQueue().getBrokerName())
                .with("queueId", result.getMessageQueue().getQueueId())
                .with("queueOffset", result.getQueueOffset() + i)
                .print();
        }
    }

    private static TransactionMQProducer transactionProducer(String group) {
        TransactionMQProducer producer = new TransactionMQProducer(group);
        producer.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
                if (message.getTags() != null && message.getTags().startsWith("unknown")) {
                    return LocalTransactionState.UNKNOW;
                }
                return "rollback".equals(message.getTags())
                    ? LocalTransactionState.ROLLBACK_MESSAGE : LocalTransactionState.COMMIT_MESSAGE;
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                Lines.event("checked").with("keys", message.getKeys()).print();
                return message.getTags() != null && message.getTags().endsWith("rollback")
                    ? LocalTransactionState.ROLLBACK_MESSAGE : LocalTransactionState.COMMIT_MESSAGE;
            }
        });
        return producer;
    }

    private static void print(int index, SendResult result) {
        Lines.event("sent")
            .with("index", index)
            .with("status", result.getSendStatus().name())
            .with("msgId", result.getMsgId())
            .with("offsetMsgId", result.getOffsetMsgId())
            .with("brokerName", result.getMessageQueue().getBrokerName())
            .with("queueId", result.getMessageQueue().getQueueId())
            .with("queueOffset", result.getQueueOffset())
            .print();
    }
}
