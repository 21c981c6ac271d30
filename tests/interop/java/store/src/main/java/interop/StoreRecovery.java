package interop;

import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.config.MessageStoreConfig;
import org.apache.rocketmq.store.stats.BrokerStatsManager;

/**
 * Loads a store directory with Apache's code, which recovers it, for each line of standard input `DIR TOPIC QUEUES`,
 * and prints where the log and the queues end. Nothing is started: load() is what a broker does before it serves.
 */
public class StoreRecovery {
    public static void main(String[] args) throws Exception {
        BrokerStatsManager stats = new BrokerStatsManager("interop", true);
        ExecutorService closing = Executors.newFixedThreadPool(32);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            String[] words = line.split(" ");
            MessageStoreConfig config = new MessageStoreConfig();
            config.setStorePathRootDir(words[0]);
            config.setStorePathCommitLog(words[0] + File.separator + "commitlog");
            config.setMappedFileSizeCommitLog(Integer.parseInt(args[0]));
            config.setMappedFileSizeConsumeQueue(Integer.parseInt(args[1]));
            config.setMaxHashSlotNum(Integer.parseInt(args[2]));
            config.setMaxIndexNum(Integer.parseInt(args[3]));
            config.setTimerWheelEnable(false);
            config.setEnableCompaction(false);
            DefaultMessageStore store = new DefaultMessageStore(config, stats,
                (topic, queueId, offset, tags, time, bits, properties) -> { },
                new BrokerConfig(), new ConcurrentHashMap<String, TopicConfig>());
            boolean loaded = store.load();
            StringBuilder out = new StringBuilder("{\"event\":\"loaded\",\"loaded\":" + loaded);
            out.append(",\"maxPhysicalOffset\":").append(store.getMaxPhyOffset()).append(",\"maxOffsets\":[");
            for (int queueId = 0; queueId < Integer.parseInt(words[2]); queueId++) {
                out.append(queueId == 0 ? "" : ",").append(store.getMaxOffsetInQueue(words[1], queueId));
            }
            System.out.println(out.append("]}"));
            System.out.flush();
            // It waits three seconds for its threads; hundreds of stores are closed at once.
            closing.submit(store::shutdown);
        }
        System.exit(0);
    }
}
