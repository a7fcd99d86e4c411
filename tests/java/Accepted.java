import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;

import pcal.Translator;
import tla2sany.drivers.SANY;
import tla2sany.modanalyzer.SpecObj;
import util.SimpleFilenameToStream;
import util.ToolIO;

/**
 * What the tools say of every module in a directory: `ok NAME` if pcal.trans translates it, in place, and SANY takes
 * what comes of it, or `no NAME WHY`. A module without an algorithm is left alone.
 * Run from source: java -cp tla2tools.jar Accepted.java DIR
 */
public class Accepted {
    public static void main(String[] arguments) throws Exception {
        File directory = new File(arguments[0]);
        File[] files = directory.listFiles((d, name) -> name.endsWith(".tla"));
        Arrays.sort(files);
        PrintStream out = System.out;
        for (File file : files) {
            String text = Files.readString(file.toPath());
            if (!text.contains("--algorithm")) {
                continue;
            }
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            PrintStream quiet = new PrintStream(said);
            System.setOut(quiet);
            System.setErr(quiet);
            ToolIO.out = quiet;
            ToolIO.err = quiet;
            String why;
            try {
                why = problem(file, text, quiet);
            } catch (Throwable error) {
                why = error.toString();
            }
            System.setOut(out);
            String all = (why + " " + said).replaceAll("\\s+", " ");
            out.println(why.isEmpty() ? "ok " + file.getName() : "no " + file.getName() + " " + all);
        }
    }

    /** Why the tools refuse a module; empty if they do not. */
    private static String problem(File file, String text, PrintStream quiet) throws Exception {
        Translator translator = new Translator(text, List.of("-nocfg"));
        if (!translator.translate()) {
            return "pcal.trans: " + translator.getErrors();
        }
        Files.writeString(file.toPath(), translator.getOutput());
        SpecObj spec = new SpecObj(file.getPath(), new SimpleFilenameToStream(file.getParent()));
        SANY.frontEndMain(spec, file.getPath(), quiet);
        if (spec.initErrors.isSuccess() && spec.parseErrors.isSuccess() && spec.semanticErrors.isSuccess()) {
            return "";
        }
        return "SANY: " + spec.initErrors + spec.parseErrors + spec.semanticErrors;
    }
}
