package interop;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * Apache's mqadmin for several commands in one process: each line of standard input is one, its words separated by
 * tabs; what it printed comes as one line, base64.
 */
public class Admin {
    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            System.setOut(new PrintStream(printed, true, "UTF-8"));
            MQAdminStartup.main0(line.split("\t"), null);
            System.out.flush();
            out.println("{\"event\":\"printed\",\"text\":\""
                + Base64.getEncoder().encodeToString(printed.toByteArray()) + "\"}");
            out.flush();
        }
        System.exit(0);
    }
}
