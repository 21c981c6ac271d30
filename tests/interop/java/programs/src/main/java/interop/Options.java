package interop;

import java.util.HashMap;
import java.util.Map;

/** Command line of the form {@code --name value}; a name without a value is a switch. */
final class Options {
    private final Map<String, String> values = new HashMap<>();

    Options(String[] arguments) {
        int i = 0;
        while (i < arguments.length) {
            String name = arguments[i];
            if (!name.startsWith("--")) {
                throw new IllegalArgumentException("expected --name, got " + name);
            }
            boolean hasValue = i + 1 < arguments.length && !arguments[i + 1].startsWith("--");
            values.put(name.substring(2), hasValue ? arguments[i + 1] : "true");
            i += hasValue ? 2 : 1;
        }
    }

    String required(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("missing --" + name);
        }
        return value;
    }

    String text(String name, String fallback) {
        return values.getOrDefault(name, fallback);
    }

    int number(String name, int fallback) {
        String value = values.get(name);
        return value == null ? fallback : Integer.parseInt(value);
    }

    boolean has(String name) {
        return "true".equals(values.get(name));
    }
}
