package interop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.apache.rocketmq.common.filter.ExpressionType;
import org.apache.rocketmq.filter.FilterFactory;
import org.apache.rocketmq.filter.expression.EvaluationContext;
import org.apache.rocketmq.filter.expression.Expression;

/**
 * What Apache's SQL92 filter answers. Each line of the input is an expression and names and values of
 * properties by turns, all in base64 between blanks; for each line one character of output: T, F, N for null,
 * X for an exception while it evaluates, R for an expression that is refused.
 */
public class FilterAnswers {
    public static void main(String[] args) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        StringBuilder answers = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answers.append(answer(line.split(" ", -1)));
        }
        System.out.println("{\"event\":\"answers\",\"answers\":\"" + answers + "\"}");
    }

    private static char answer(String[] words) {
        Map<String, Object> properties = new HashMap<>();
        for (int i = 1; i + 1 < words.length; i += 2) {
            properties.put(text(words[i]), text(words[i + 1]));
        }
        Expression expression;
        try {
            expression = FilterFactory.INSTANCE.get(ExpressionType.SQL92).compile(text(words[0]));
        } catch (Exception refused) {
            return 'R';
        }
        try {
            Object answer = expression.evaluate(new Properties(properties));
            if (answer == null) {
                return 'N';
            }
            return Boolean.TRUE.equals(answer) ? 'T' : Boolean.FALSE.equals(answer) ? 'F' : '?';
        } catch (Exception failed) {
            return 'X';
        }
    }

    private static String text(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    private static class Properties implements EvaluationContext {
        private final Map<String, Object> values;

        Properties(Map<String, Object> values) {
            this.values = values;
        }

        @Override
        public Object get(String name) {
            return values.get(name);
        }

        @Override
        public Map<String, Object> keyValues() {
            return values;
        }
    }
}
