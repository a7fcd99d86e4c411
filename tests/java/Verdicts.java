import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What SANY's parser says of every module in a directory: a line each, "ok" or "no" and the path.
 * Run from source: java -cp tla2tools.jar Verdicts.java DIR
 */
public class Verdicts {
    public static void main(String[] arguments) throws Exception {
        tla2sany.configuration.Configuration.load(null);
        PrintStream out = System.out;
        List<Path> files;
        try (var walk = Files.walk(Path.of(arguments[0]))) {
            files = walk.filter(p -> p.toString().endsWith(".tla")).sorted().collect(Collectors.toList());
        }
        for (Path file : files) {
            PrintStream silent = new PrintStream(new ByteArrayOutputStream());
            System.setOut(silent);
            System.setErr(silent);
            util.ToolIO.out = silent;
            util.ToolIO.err = silent;
            boolean parsed = false;
            try (var stream = new FileInputStream(file.toFile())) {
                parsed = new tla2sany.parser.TLAplusParser(stream).parse();
            } catch (Throwable error) {
                parsed = false;
            }
            out.println((parsed ? "ok " : "no ") + file);
        }
    }
}
