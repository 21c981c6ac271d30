package interop;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.TreeMap;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;

/** What a consumer saw of one message, as one line. */
final class Received {
    private static final int TEXT_MAX = 256;

    private Received() {
    }

    static void print(MessageExt message) {
        byte[] body = message.getBody() == null ? new byte[0] : message.getBody();
        Lines.event("received")
            .with("topic", message.getTopic())
            .with("bodySize", body.length)
            .with("bodySha1", sha1(body))
            .with("text", text(body))
            .with("tags", message.getTags())
            .with("keys", message.getKeys())
            .with("properties", new TreeMap<>(message.getProperties()))
            .with("brokerName", message.getBrokerName())
            .with("queueId", message.getQueueId())
            .with("queueOffset", message.getQueueOffset())
            .with("physicalOffset", message.getCommitLogOffset())
            .with("msgId", message.getMsgId())
            .with("sysFlag", message.getSysFlag())
            .with("flag", message.getFlag())
            .with("bornTimestamp", message.getBornTimestamp())
            .with("bornHost", String.valueOf(message.getBornHostString()))
            .with("storeTimestamp", message.getStoreTimestamp())
            .with("storeHost", String.valueOf(message.getStoreHost()))
            .with("offsetMsgId",
                MessageDecoder.createMessageId(message.getStoreHost(), message.getCommitLogOffset()))
            .with("preparedTransactionOffset", message.getPreparedTransactionOffset())
            .with("reconsumeTimes", message.getReconsumeTimes())
            .print();
    }

    /** The same message keeps this name when the broker delivers it again from the retry topic. */
    static String identity(MessageExt message) {
        String unique = message.getProperty(MessageConst.PROPERTY_UNIQ_CLIENT_MESSAGE_ID_KEYIDX);
        return unique != null ? unique : message.getMsgId();
    }

    private static String text(byte[] body) {
        if (body.length > TEXT_MAX) {
            return null;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
        } catch (CharacterCodingException notText) {
            return null;
        }
    }

    private static String sha1(byte[] body) {
        try {
            StringBuilder hex = new StringBuilder();
            for (byte b : MessageDigest.getInstance("SHA-1").digest(body)) {
                hex.append(String.format("%02x", b));
            }
            return hex.toString();
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
