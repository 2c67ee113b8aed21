package build.inputfs.app.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads what {@link JsonReport} has written. Stateless. */
final class JsonResults {
  private JsonResults() {}

  /**
   * The results that are in {@code text}.
   *
   * @throws IllegalArgumentException when it is not of that form
   */
  static Results parse(String text) {
    try {
      return results(JsonParser.parseString(text).getAsJsonObject());
    } catch (JsonParseException
        | IllegalStateException
        | NullPointerException
        | UnsupportedOperationException
        | ClassCastException e) {
      throw new IllegalArgumentException("this is no JSON of a benchmark", e);
    }
  }

  private static Results results(JsonObject json) {
    Map<String, List<Row>> sections = new LinkedHashMap<>();
    Measurements measurements = new Measurements();
    for (JsonElement element : json.getAsJsonArray("rows")) {
      JsonObject object = element.getAsJsonObject();
      Row row = new Row(text(object, "id"), text(object, "title"), unit(text(object, "unit")));
      sections.computeIfAbsent(text(object, "section"), _ -> new ArrayList<>()).add(row);
      object
          .getAsJsonObject("contenders")
          .asMap()
          .forEach(
              (contender, figures) ->
                  addFigures(measurements, row.id(), contender, figures.getAsJsonObject()));
    }
    return new Results(
        texts(json.getAsJsonObject("machine")),
        json.get("scale").getAsDouble(),
        texts(json.getAsJsonObject("contenders")),
        texts(json.getAsJsonObject("absent")),
        sections.entrySet().stream()
            .map(section -> new Results.Section(section.getKey(), section.getValue()))
            .toList(),
        json.getAsJsonArray("failures").asList().stream().map(JsonElement::getAsString).toList(),
        measurements);
  }

  private static void addFigures(
      Measurements measurements, String row, String contender, JsonObject figures) {
    JsonArray values = figures.getAsJsonArray("values");
    for (int round = 0; round < values.size(); round++) {
      if (!values.get(round).isJsonNull()) {
        measurements.add(row, contender, round, values.get(round).getAsDouble());
      }
    }
    JsonObject requests = figures.getAsJsonObject("requests");
    JsonArray kinds = requests == null ? new JsonArray() : requests.getAsJsonArray("kinds");
    for (int round = 0; round < kinds.size(); round++) {
      if (!kinds.get(round).isJsonNull()) {
        Map<String, Long> counts = new TreeMap<>();
        kinds
            .get(round)
            .getAsJsonObject()
            .asMap()
            .forEach((kind, count) -> counts.put(kind, count.getAsLong()));
        measurements.addRequests(row, contender, round, counts);
      }
    }
  }

  private static Unit unit(String text) {
    return Arrays.stream(Unit.values())
        .filter(unit -> unit.text().equals(text))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no unit: " + text));
  }

  private static String text(JsonObject object, String name) {
    return object.get(name).getAsString();
  }

  private static Map<String, String> texts(JsonObject object) {
    Map<String, String> texts = new LinkedHashMap<>();
    object.asMap().forEach((name, value) -> texts.put(name, value.getAsString()));
    return texts;
  }
}
