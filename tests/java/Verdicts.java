import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What SANY's parser says of every module in a directory: a line each, "ok" or "no" and the path, and
 * at the end "all" and how many there were, so that a run that stopped halfway is not taken for one
 * that had nothing to say.
 * Run from source: java -cp tla2tools.jar Verdicts.java DIR
 */
public class Verdicts {
    public static void main(String[] arguments) throws Exception {
        loadOperators();
        PrintStream out = System.out;
        List<Path> files;
        try (var walk = Files.walk(Path.of(arguments[0]))) {
            files = walk.filter(p -> p.toString().endsWith(".tla")).sorted().collect(Collectors.toList());
        }
        PrintStream silent = new PrintStream(new ByteArrayOutputStream());
        System.setOut(silent);
        System.setErr(silent);
        util.ToolIO.out = silent;
        util.ToolIO.err = silent;
        for (Path file : files) {
            out.println((parses(file) ? "ok " : "no ") + file);
        }
        out.println("all " + files.size());
    }

    /** Older tools read their operators from a table first; newer ones have neither that class nor the need. */
    private static void loadOperators() throws Exception {
        Class<?> table;
        try {
            table = Class.forName("tla2sany.configuration.Configuration");
        } catch (ClassNotFoundException newer) {
            return;
        }
        table.getMethod("load", Class.forName("tla2sany.semantic.Errors")).invoke(null, (Object) null);
    }

    /** A parser that throws does not parse; one that is not there, or has another signature, is no verdict. */
    private static boolean parses(Path file) throws Exception {
        try (var stream = new FileInputStream(file.toFile())) {
            return new tla2sany.parser.TLAplusParser(stream).parse();
        } catch (LinkageError error) {
            throw error;
        } catch (Exception | Error refused) {
            return false;
        }
    }
}
