import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import tla2sany.semantic.OpDefNode;
import tlc2.tool.TLCState;
import tlc2.tool.impl.FastTool;
import tlc2.tool.impl.Tool;
import tlc2.util.Context;
import tlc2.value.impl.Enumerable;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.SimpleFilenameToStream;
import util.ToolIO;

/**
 * What TLC makes of the operators of a module whose names start with "E_": a line each, with the name and either
 * "=" and the value, or "!" and the first line of the error. Values are written in one form only: no intervals, no
 * functions that are tuples, no line breaks.
 * Run from source: java -cp tla2tools.jar Evaluate.java DIR MODULE
 */
public class Evaluate {
    public static void main(String[] arguments) throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream silent = new PrintStream(said);
        System.setOut(silent);
        ToolIO.out = silent;
        ToolIO.err = silent;
        String module = arguments[1];
        ToolIO.setUserDir(arguments[0] + File.separator);
        Tool tool;
        try {
            tool = new FastTool(arguments[0], module, module, new SimpleFilenameToStream(arguments[0]));
        } catch (Throwable error) {
            out.println(said);
            throw error;
        }
        for (OpDefNode definition : tool.getSpecProcessor().getRootModule().getOpDefs()) {
            String name = definition.getName().toString();
            if (!name.startsWith("E_")) {
                continue;
            }
            try {
                Value value = (Value) tool.eval(definition.getBody(), Context.Empty, TLCState.Empty);
                out.println(name + " = " + show(value));
            } catch (Throwable error) {
                out.println(name + " ! " + String.valueOf(error.getMessage()).replaceAll("\\s+", " "));
            }
        }
    }

    private static String show(Value value) {
        StringBuilder text = new StringBuilder();
        show(value, text);
        return text.toString();
    }

    private static void show(Value value, StringBuilder text) {
        if (value instanceof Enumerable) {
            SetEnumValue set = (SetEnumValue) value.toSetEnum();
            set.normalize();
            text.append("{");
            for (int i = 0; i < set.elems.size(); i++) {
                text.append(i == 0 ? "" : ", ");
                show((Value) set.elems.elementAt(i), text);
            }
            text.append("}");
            return;
        }
        // A string is a sequence of characters, too.
        if (value instanceof StringValue) {
            text.append(value);
            return;
        }
        TupleValue tuple = (TupleValue) value.toTuple();
        if (tuple != null) {
            text.append("<<");
            for (int i = 0; i < tuple.elems.length; i++) {
                text.append(i == 0 ? "" : ", ");
                show((Value) tuple.elems[i], text);
            }
            text.append(">>");
            return;
        }
        RecordValue record = (RecordValue) value.toRcd();
        if (record != null) {
            record.normalize();
            text.append("[");
            for (int i = 0; i < record.names.length; i++) {
                text.append(i == 0 ? "" : ", ").append(record.names[i]).append(" |-> ");
                show((Value) record.values[i], text);
            }
            text.append("]");
            return;
        }
        FcnRcdValue function = (FcnRcdValue) value.toFcnRcd();
        if (function != null) {
            function.normalize();
            Value[] domain = (Value[]) function.getDomainAsValues();
            text.append("(");
            for (int i = 0; i < domain.length; i++) {
                text.append(i == 0 ? "" : " @@ ");
                show(domain[i], text);
                text.append(" :> ");
                show((Value) function.values[i], text);
            }
            text.append(")");
            return;
        }
        text.append(value);
    }
}
