package interop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;

/**
 * The messages to send, one a line, written by the harness so that every language sends the same bytes:
 * topic, tag, keys, sharding key, delay level or @ and a time, base64 body, then base64 property names and values,
 * separated by tabs. An empty column means "not set".
 */
final class Plan {
    private Plan() {
    }

    static final class Item {
        final int index;
        final String shardingKey;
        final Message message;

        Item(int index, String shardingKey, Message message) {
            this.index = index;
            this.shardingKey = shardingKey;
            this.message = message;
        }
    }

    static List<Item> read(String file) throws IOException {
        List<Item> items = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(file), StandardCharsets.UTF_8)) {
            items.add(item(items.size(), line.split("\t", -1)));
        }
        return items;
    }

    private static Item item(int index, String[] column) {
        Message message = new Message(column[0], decode(column[5]));
        if (!column[1].isEmpty()) {
            message.setTags(column[1]);
        }
        if (!column[2].isEmpty()) {
            message.setKeys(column[2]);
        }
        if (column[4].startsWith("@")) {
            // Clients of 4.9 have no method for it.
            MessageAccessor.putProperty(message, "TIMER_DELIVER_MS", column[4].substring(1));
        } else if (!column[4].isEmpty()) {
            message.setDelayTimeLevel(Integer.parseInt(column[4]));
        }
        for (int i = 6; i + 1 < column.length; i += 2) {
            message.putUserProperty(text(column[i]), text(column[i + 1]));
        }
        return new Item(index, column[3], message);
    }

    private static String text(String base64) {
        return new String(decode(base64), StandardCharsets.UTF_8);
    }

    private static byte[] decode(String base64) {
        return Base64.getDecoder().decode(base64);
    }
}
