package bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;

/**
 * Apache's Java client as a generator of load: {@code --mode send --nameserver H:P --topic T --in-flight N
 * --body-size B --warm-up-ms M --measure-ms M}, or {@code --mode drain --nameserver H:P --topic T --group G
 * --warm-up N --count N}. It prints "measuring" when it begins to measure, and one line of JSON in the end.
 */
public final class Load {
    private static final OperatingSystemMXBean PROCESS =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** The first look at the name server: a busy machine must not end it. */
    private static final int API_TIMEOUT_MS = 20_000;

    private final Map<String, String> options = new HashMap<>();
    private long beganNs;
    private long beganCpuNs;

    private Load(String[] arguments) {
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i].substring(2), arguments[i + 1]);
        }
    }

    /** The client's own threads would go on: it exits, also when it fails. */
    public static void main(String[] arguments) {
        try {
            Load load = new Load(arguments);
            System.out.println(load.options.get("mode").equals("send") ? load.send() : load.drain());
            System.exit(0);
        } catch (Throwable reason) {
            reason.printStackTrace();
            System.exit(1);
        }
    }

    private int number(String name) {
        return Integer.parseInt(options.get(name));
    }

    /** As Apache's own benchmark does it: threads that each wait for their answer; bodies are not compressed. */
    private String send() throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("bench-producer");
        producer.setNamesrvAddr(options.get("nameserver"));
        producer.setMqClientApiTimeout(API_TIMEOUT_MS);
        producer.setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
        producer.start();
        Sender[] senders = new Sender[number("in-flight")];
        byte[] body = new byte[number("body-size")];
        Arrays.fill(body, (byte) 'r');
        for (int i = 0; i < senders.length; i++) {
            senders[i] = new Sender(producer, options.get("topic"), body);
            senders[i].setDaemon(true);
            senders[i].start();
        }
        Thread.sleep(number("warm-up-ms"));
        begin();
        for (Sender sender : senders) {
            sender.measuring = true;
        }
        Thread.sleep(number("measure-ms"));
        for (Sender sender : senders) {
            sender.measuring = false;
        }
        double seconds = (System.nanoTime() - beganNs) / 1e9;
        long cpuUs = (PROCESS.getProcessCpuTime() - beganCpuNs) / 1000;
        return result(senders, seconds, cpuUs);
    }

    private static String result(Sender[] senders, double seconds, long cpuUs) {
        long errors = 0;
        String problem = "";
        int count = 0;
        for (Sender sender : senders) {
            count += sender.count;
            errors += sender.errors;
            problem = sender.problem == null ? problem : sender.problem;
        }
        long[] sorted = new long[count];
        int at = 0;
        for (Sender sender : senders) {
            int length = Math.min(sender.count, count - at);
            System.arraycopy(sender.latenciesUs, 0, sorted, at, length);
            at += length;
        }
        Arrays.sort(sorted);
        return json(count, errors, problem, seconds, cpuUs, sorted);
    }

    private void begin() {
        beganNs = System.nanoTime();
        beganCpuNs = PROCESS.getProcessCpuTime();
        System.out.println("measuring");
    }

    /** A push consumer with the client's defaults. */
    private String drain() throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(options.get("group"));
        consumer.setNamesrvAddr(options.get("nameserver"));
        consumer.setMqClientApiTimeout(API_TIMEOUT_MS);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(options.get("topic"), "*");
        int warmUp = number("warm-up");
        int count = number("count");
        AtomicLong received = new AtomicLong();
        AtomicReference<String> result = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (int i = 0; i < messages.size(); i++) {
                long number = received.incrementAndGet();
                if (number == warmUp) {
                    begin();
                } else if (number == count) {
                    double seconds = (System.nanoTime() - beganNs) / 1e9;
                    long cpuUs = (PROCESS.getProcessCpuTime() - beganCpuNs) / 1000;
                    result.set(json(count - warmUp, 0, "", seconds, cpuUs, new long[0]));
                    done.countDown();
                }
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        done.await();
        return result.get();
    }

    private static String json(
        long messages, long errors, String problem, double seconds, long cpuUs, long[] sorted) {
        return String.format(
            java.util.Locale.ROOT,
            "{\"requests\":%d,\"messages\":%d,\"errors\":%d,\"problem\":\"%s\",\"seconds\":%.6f,\"cpuUs\":%d,"
                + "\"p50Us\":%d,\"p99Us\":%d,\"p999Us\":%d}",
            messages, messages, errors, problem.replaceAll("[^ -!#-\\[\\]-~]", " "), seconds, cpuUs,
            share(sorted, 0.5), share(sorted, 0.99), share(sorted, 0.999));
    }

    private static long share(long[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.ceil(sorted.length * share) - 1];
    }

    private static final class Sender extends Thread {
        private final DefaultMQProducer producer;
        private final String topic;
        private final byte[] body;
        private volatile boolean measuring;
        private volatile long[] latenciesUs = new long[1 << 16];
        private volatile int count;
        private volatile long errors;
        private volatile String problem;

        Sender(DefaultMQProducer producer, String topic, byte[] body) {
            this.producer = producer;
            this.topic = topic;
            this.body = body;
        }

        @Override
        public void run() {
            while (true) {
                long began = System.nanoTime();
                try {
                    producer.send(new Message(topic, body));
                    if (measuring) {
                        add((System.nanoTime() - began) / 1000);
                    }
                } catch (Exception reason) {
                    if (measuring) {
                        errors++;
                        problem = reason.toString();
                    }
                }
            }
        }

        private void add(long latencyUs) {
            if (count == latenciesUs.length) {
                latenciesUs = Arrays.copyOf(latenciesUs, count * 2);
            }
            latenciesUs[count] = latencyUs;
            count++;
        }
    }
}
