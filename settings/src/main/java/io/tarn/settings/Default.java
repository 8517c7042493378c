package io.tarn.settings;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The value of a settings record's component when no key is given, written as in the YAML file:
 * {@code @Default("256") int nlist}, {@code @Default("[id]") List<String> columns}.
 */
@Documented
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
public @interface Default {
  /** YAML text. A named constant is written {@code "" + Trainer.DEFAULT_ITERATIONS}. */
  String value();
}
