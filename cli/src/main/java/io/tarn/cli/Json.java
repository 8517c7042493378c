package io.tarn.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/** JSON as it goes in and out of commands. */
final class Json {
  static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** An id or an attribute's value; times become ISO 8601 in UTC. */
  static Object value(Object value) {
    return value instanceof Instant ? value.toString() : value;
  }

  static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value + " as JSON", e);
    }
  }

  /**
   * Reads a vector: {@code [1, 2.5, …]}.
   *
   * @throws IllegalArgumentException saying what it is instead
   */
  static float[] vector(JsonNode node) {
    if (!node.isArray()) {
      throw new IllegalArgumentException("a vector is an array of numbers, [1, 2.5, …]");
    }
    float[] vector = new float[node.size()];
    for (int i = 0; i < vector.length; i++) {
      if (!node.get(i).isNumber()) {
        throw new IllegalArgumentException(
            "value " + i + " of the vector is " + node.get(i) + ", not a number");
      }
      vector[i] = node.get(i).floatValue();
    }
    return vector;
  }
}
