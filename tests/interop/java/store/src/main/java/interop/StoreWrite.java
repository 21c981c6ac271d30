package interop;

import java.io.File;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageExtBatch;
import org.apache.rocketmq.common.message.MessageExtBrokerInner;
import org.apache.rocketmq.common.sysflag.MessageSysFlag;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.PutMessageResult;
import org.apache.rocketmq.store.config.MessageStoreConfig;
import org.apache.rocketmq.store.stats.BrokerStatsManager;

/**
 * Writes a store with Apache's own code: {@code DIR COUNT LOG_FILE_SIZE QUEUE_FILE_SIZE SLOTS ENTRIES}. Messages of
 * several topics and queues with and without tags and keys, delayed ones as the broker parks them, prepared and rolled
 * back ones, batches, IPv6 hosts, a topic name longer than a byte can say. Then it stops properly.
 */
public class StoreWrite {
    private static final String LONG_TOPIC = "%RETRY%" + "g".repeat(150);

    public static void main(String[] args) throws Exception {
        MessageStoreConfig config = new MessageStoreConfig();
        config.setStorePathRootDir(args[0]);
        config.setStorePathCommitLog(args[0] + File.separator + "commitlog");
        config.setMappedFileSizeCommitLog(Integer.parseInt(args[2]));
        config.setMappedFileSizeConsumeQueue(Integer.parseInt(args[3]));
        config.setMaxHashSlotNum(Integer.parseInt(args[4]));
        config.setMaxIndexNum(Integer.parseInt(args[5]));
        config.setTimerWheelEnable(false);
        config.setEnableCompaction(false);
        config.setHaListenPort(0);
        DefaultMessageStore store = new DefaultMessageStore(config, new BrokerStatsManager("interop", true),
            (topic, queueId, offset, tags, time, bits, properties) -> { },
            new BrokerConfig(), new ConcurrentHashMap<String, TopicConfig>());
        if (!store.load()) {
            throw new IllegalStateException("not loaded");
        }
        store.start();
        int count = Integer.parseInt(args[1]);
        for (int i = 0; i < count; i++) {
            PutMessageResult result = i % 10 == 9 ? store.putMessages(batch(i)) : store.putMessage(message(i));
            if (!result.isOk()) {
                throw new IllegalStateException(i + ": " + result);
            }
        }
        long end = store.getMaxPhyOffset();
        while (store.dispatchBehindBytes() > 0) {
            Thread.sleep(10);
        }
        store.shutdown();
        System.out.println("{\"event\":\"written\",\"end\":" + end + "}");
        System.exit(0);
    }

    private static MessageExtBrokerInner message(int i) {
        MessageExtBrokerInner message = new MessageExtBrokerInner();
        message.setTopic(i % 7 == 6 ? LONG_TOPIC : "golden-" + i % 3);
        message.setQueueId(i % 4);
        message.setBody(("body " + i + " 订单 ").repeat(1 + i % 9).getBytes(StandardCharsets.UTF_8));
        message.setFlag(i);
        if (i % 4 != 3) {
            message.setTags(i % 4 == 2 ? "标签" + i % 5 : "Tag" + i % 6);
        }
        if (i % 5 != 4) {
            message.setKeys(i % 5 == 0 ? "key-" + i + " also-" + i + "  twice-" + i : "key-" + i % 50);
        }
        MessageAccessor.putProperty(message, MessageConst.PROPERTY_UNIQ_CLIENT_MESSAGE_ID_KEYIDX, "UNIQUE" + i);
        MessageAccessor.putProperty(message, "用户", "a=b;c 🚀 " + i);
        if (i % 11 == 5) {
            parked(message, 1 + i % 18);
        }
        if (i % 13 == 7) {
            message.setSysFlag(i % 2 == 0 ? MessageSysFlag.TRANSACTION_PREPARED_TYPE
                : i % 3 == 0 ? MessageSysFlag.TRANSACTION_COMMIT_TYPE : MessageSysFlag.TRANSACTION_ROLLBACK_TYPE);
        }
        born(message, i);
        message.setTagsCode(MessageExtBrokerInner.tagsString2tagsCode(null, message.getTags()));
        message.setPropertiesString(MessageDecoder.messageProperties2String(message.getProperties()));
        return message;
    }

    /** What the broker's HookUtils does with a delay level. */
    private static void parked(MessageExtBrokerInner message, int level) {
        MessageAccessor.putProperty(message, MessageConst.PROPERTY_REAL_TOPIC, message.getTopic());
        MessageAccessor.putProperty(message, MessageConst.PROPERTY_REAL_QUEUE_ID, "" + message.getQueueId());
        message.setDelayTimeLevel(level);
        message.setTopic("SCHEDULE_TOPIC_XXXX");
        message.setQueueId(level - 1);
    }

    private static MessageExtBatch batch(int i) {
        List<Message> elements = new ArrayList<>();
        for (int k = 0; k <= i % 4; k++) {
            Message element = new Message("golden-batch", "Batch" + k, "batch-" + i, ("element " + k).getBytes());
            MessageAccessor.putProperty(element, MessageConst.PROPERTY_UNIQ_CLIENT_MESSAGE_ID_KEYIDX,
                "UNIQUE" + i + "-" + k);
            elements.add(element);
        }
        MessageExtBatch batch = new MessageExtBatch();
        batch.setTopic("golden-batch");
        batch.setQueueId(i % 2);
        batch.setBody(MessageDecoder.encodeMessages(elements));
        born(batch, i);
        return batch;
    }

    private static void born(MessageExt message, int i) {
        message.setBornTimestamp(1_700_000_000_000L + i);
        message.setBornHost(new InetSocketAddress(i % 6 == 1 ? "::1" : "127.0.0.1", 1000 + i % 1000));
        message.setStoreHost(new InetSocketAddress(i % 12 == 2 ? "2001:db8::7" : "127.0.0.1", 10911));
        message.setReconsumeTimes(i % 3);
        if (i % 6 == 1) {
            message.setBornHostV6Flag();
        }
        if (i % 12 == 2) {
            message.setStoreHostAddressV6Flag();
        }
    }
}
