package build.inputfs.app.bench;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Results as one JSON object, which {@link JsonResults} reads again. For one use. */
final class JsonReport {
  private static final MathContext DIGITS = new MathContext(6);

  private final Results results;
  private final StringWriter text = new StringWriter();
  private final JsonWriter json = new JsonWriter(text);

  JsonReport(Results results) {
    this.results = results;
    json.setIndent("  ");
  }

  String text() throws IOException {
    json.beginObject();
    object("machine", results.machine());
    json.name("scale");
    number(results.scale());
    object("contenders", results.contenders());
    object("absent", results.absent());
    json.name("rows").beginArray();
    for (Results.Section section : results.sections()) {
      for (Row row : section.rows()) {
        row(section, row);
      }
    }
    json.endArray();
    json.name("goals").beginArray();
    for (Goal goal : Goal.all(results)) {
      goal(goal);
    }
    json.endArray();
    json.name("failures").beginArray();
    for (String failure : results.failures()) {
      json.value(failure);
    }
    json.endArray();
    json.endObject();
    json.flush();
    return text + "\n";
  }

  private void object(String name, Map<String, String> values) throws IOException {
    json.name(name).beginObject();
    for (Map.Entry<String, String> value : values.entrySet()) {
      json.name(value.getKey()).value(value.getValue());
    }
    json.endObject();
  }

  private void row(Results.Section section, Row row) throws IOException {
    String baseline = results.baseline(row);
    json.beginObject();
    json.name("id").value(row.id());
    json.name("section").value(section.title());
    json.name("title").value(row.title());
    json.name("unit").value(row.unit().text());
    json.name("baseline").value(baseline);
    json.name("contenders").beginObject();
    for (String name : results.contenders().keySet()) {
      Summary summary = results.measurements().summary(row.id(), name);
      if (summary != null) {
        json.name(name).beginObject();
        figures(row, name, summary, baseline);
        json.endObject();
      }
    }
    json.endObject();
    json.endObject();
  }

  private void figures(Row row, String contender, Summary summary, String baseline)
      throws IOException {
    Measurements measurements = results.measurements();
    summary(summary);
    int rounds = measurements.rounds(row.id());
    json.name("values").beginArray();
    for (int round = 0; round < rounds; round++) {
      number(measurements.value(row.id(), contender, round));
    }
    json.endArray();
    Summary ratio = measurements.ratio(row.id(), contender, row.id(), baseline);
    if (ratio != null) {
      json.name("ratio").beginObject();
      summary(ratio);
      json.endObject();
    }
    Summary requests = measurements.requests(row.id(), contender);
    if (requests != null) {
      json.name("requests").beginObject();
      summary(requests);
      json.name("kinds").beginArray();
      for (int round = 0; round < rounds; round++) {
        kinds(measurements.requests(row.id(), contender, round));
      }
      json.endArray();
      json.endObject();
    }
  }

  private void kinds(@Nullable Map<String, Long> counts) throws IOException {
    if (counts == null) {
      json.nullValue();
      return;
    }
    json.beginObject();
    for (Map.Entry<String, Long> kind : counts.entrySet()) {
      json.name(kind.getKey()).value(kind.getValue());
    }
    json.endObject();
  }

  private void summary(Summary summary) throws IOException {
    json.name("median");
    number(summary.median());
    json.name("min");
    number(summary.min());
    json.name("max");
    number(summary.max());
    json.name("n").value(summary.n());
  }

  private void goal(Goal goal) throws IOException {
    json.beginObject();
    json.name("what").value(goal.what());
    json.name("unit").value(goal.unit());
    json.name("limit");
    number(goal.limit());
    json.name("value");
    number(goal.value().isPresent() ? goal.value().getAsDouble() : null);
    json.name("reached").value(goal.reached());
    json.endObject();
  }

  private void number(@Nullable Double value) throws IOException {
    if (value == null) {
      json.nullValue();
    } else {
      // Not its toString, which has exponents.
      json.jsonValue(new BigDecimal(value).round(DIGITS).stripTrailingZeros().toPlainString());
    }
  }
}
