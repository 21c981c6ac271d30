package interop;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.AllocateMessageQueueStrategy;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMachineRoomNearby;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueByMachineRoom;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueConsistentHash;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * A member of a group that shares queues out by where brokers and members are: {@code --nameserver H:P --group G
 * --topic T --room R-N --allocate average|nearby|hash|room}. The room of a broker is what stands before the at sign of
 * its name. It prints "queues" whenever it has others, until standard input closes. With {@code --send N} it
 * sends so many messages to the brokers of its room instead.
 */
public final class Zones {
    private static final int POLL_MS = 50;

    private Zones() {
    }

    public static void main(String[] arguments) {
        try {
            Options options = new Options(arguments);
            if (options.number("send", 0) > 0) {
                send(options);
            } else {
                consume(options);
            }
            System.exit(0);
        } catch (Throwable reason) {
            Lines.fail(reason);
        }
    }

    private static void consume(Options options) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(options.required("group"));
        consumer.setNamesrvAddr(options.required("nameserver"));
        consumer.setInstanceName(options.required("room"));
        consumer.setAllocateMessageQueueStrategy(strategy(options));
        consumer.subscribe(options.required("topic"), "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) ->
            ConsumeConcurrentlyStatus.CONSUME_SUCCESS);
        consumer.start();
        String before = null;
        while (System.in.available() == 0) {
            String queues = queuesOf(consumer, options.required("topic"));
            if (!queues.equals(before)) {
                Lines.event("queues").with("queues", queues).print();
            }
            before = queues;
            Thread.sleep(POLL_MS);
        }
        consumer.shutdown();
    }

    private static String queuesOf(DefaultMQPushConsumer consumer, String topic) {
        return consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet().stream()
            .filter(queue -> queue.getTopic().equals(topic))
            .map(queue -> queue.getBrokerName() + " " + queue.getQueueId())
            .collect(Collectors.toCollection(TreeSet::new)).stream().collect(Collectors.joining(","));
    }

    private static AllocateMessageQueueStrategy strategy(Options options) {
        String room = roomOf(options.required("room"));
        switch (options.required("allocate")) {
            case "room":
                AllocateMessageQueueByMachineRoom byRoom = new AllocateMessageQueueByMachineRoom();
                byRoom.setConsumeridcs(new HashSet<>(Arrays.asList(room)));
                return byRoom;
            case "nearby":
                return new AllocateMachineRoomNearby(new AllocateMessageQueueAveragely(),
                    new AllocateMachineRoomNearby.MachineRoomResolver() {
                        @Override
                        public String brokerDeployIn(MessageQueue queue) {
                            return queue.getBrokerName().split("@")[0];
                        }

                        @Override
                        public String consumerDeployIn(String clientId) {
                            return roomOf(clientId.split("@")[1]);
                        }
                    });
            case "hash":
                return new AllocateMessageQueueConsistentHash();
            default:
                return new AllocateMessageQueueAveragely();
        }
    }

    /** Apache's selector by machine room selects nothing: its users write their own. */
    private static void send(Options options) throws Exception {
        String room = roomOf(options.required("room"));
        DefaultMQProducer producer = new DefaultMQProducer(options.required("group"));
        producer.setNamesrvAddr(options.required("nameserver"));
        producer.setInstanceName(options.required("room"));
        producer.start();
        AtomicInteger next = new AtomicInteger();
        for (int i = 0; i < options.number("send", 1); i++) {
            Message message = new Message(options.required("topic"), "near".getBytes("UTF-8"));
            MessageQueue queue = producer.send(message, (queues, same, rooms) -> {
                List<MessageQueue> within = queues.stream()
                    .filter(each -> each.getBrokerName().startsWith(rooms + "@")).collect(Collectors.toList());
                return within.get(next.getAndIncrement() % within.size());
            }, room).getMessageQueue();
            Lines.event("sent").with("queue", queue.getBrokerName() + " " + queue.getQueueId()).print();
        }
        producer.shutdown();
    }

    private static String roomOf(String name) {
        return name.split("-")[0];
    }
}
