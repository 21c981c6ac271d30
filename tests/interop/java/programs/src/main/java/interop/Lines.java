package interop;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** One JSON object per line on standard output: the only thing the harness reads. */
final class Lines {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private final StringBuilder json = new StringBuilder();

    private Lines(String event) {
        json.append("{\"event\":");
        quote(event);
    }

    static Lines event(String event) {
        return new Lines(event);
    }

    Lines with(String name, String value) {
        name(name);
        if (value == null) {
            json.append("null");
        } else {
            quote(value);
        }
        return this;
    }

    Lines with(String name, long value) {
        name(name);
        json.append(value);
        return this;
    }

    Lines with(String name, Map<String, String> map) {
        name(name);
        json.append('{');
        String comma = "";
        for (Map.Entry<String, String> entry : map.entrySet()) {
            json.append(comma);
            quote(entry.getKey());
            json.append(':');
            quote(entry.getValue());
            comma = ",";
        }
        json.append('}');
        return this;
    }

    /** The client's own threads print too, so a line is written whole. */
    void print() {
        synchronized (OUT) {
            OUT.println(json.append('}'));
        }
    }

    /** Prints why the program stops and ends it, also when client threads are still alive. */
    static void fail(Throwable reason) {
        event("error").with("message", reason.toString()).print();
        reason.printStackTrace();
        System.exit(1);
    }

    private void name(String name) {
        json.append(',');
        quote(name);
        json.append(':');
    }

    private void quote(String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ' || Character.isSurrogate(c)) {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}
