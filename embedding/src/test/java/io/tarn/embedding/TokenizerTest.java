package io.tarn.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerTest {

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = true,
      textBlock =
          """
          readAllLines                 | read all lines
          parseHTTPRequest             | parse http request
          XMLHttpRequest               | xml http request
          HTTP                         | http
          aB                           | a b
          ABc                          | a bc
          utf8                         | utf 8
          UTF-8                        | utf 8
          vector2d                     | vector 2 d
          Int32Array                   | int 32 array
          MAX_VALUE                    | max value
          java.util.List<E>            | java util list e
          Read all lines, of a file!   | read all lines of a file
          don't                        | don t
          Straße STRASSE               | straße strasse
          Größe                        | größe
          GRÖSSE                       | grösse
          ΣΊΣΥΦΟΣ σίσυφος              | σίσυφοσ σίσυφοσ
          İstanbul ISPARTA ılık        | istanbul isparta ilik
          читайВсеСтроки               | читай все строки
          東京2020                     | 東 京 2020
          नमस्ते दुनिया                      | नमस्ते दुनिया
          مرحبا ١٢٣                    | مرحبا ١٢٣
          ＦｕｌｌＷｉｄｔｈ１２       | full width 12
          ﬁle x²                       | file x 2
          𝐁old 𐐀𐐨                     | bold 𐐨𐐨
          a😀b                         | a b
          """)
  void wordsOfAText(String text, String words) {
    assertThat(Tokenizer.tokenize(text)).containsExactly(words.split(" "));
  }

  @Test
  void composedAndDecomposedLettersAreTheSameWord() {
    assertThat(Tokenizer.tokenize("Cafe\u0301Latte")).containsExactly("café", "latte");
    assertThat(Tokenizer.tokenize("x\u0301\u0302Y")).containsExactly("x\u0301\u0302", "y");
  }

  @Test
  void textWithoutWordsIsEmpty() {
    assertThat(Tokenizer.tokenize("")).isEmpty();
    assertThat(Tokenizer.tokenize(" \t\n…—_😀\u0000")).isEmpty();
    assertThat(Tokenizer.tokenize("\ud800 \udc00")).isEmpty();
    assertThat(Tokenizer.tokenize("\u0301")).isEmpty();
  }

  @Test
  void theDefaultLocaleDoesNotMatter() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("tr"));
    try {
      assertThat(Tokenizer.tokenize("FILE")).containsExactly("file");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Property
  void textsDoNotInfluenceEachOther(@ForAll("anyText") String a, @ForAll("anyText") String b) {
    List<String> separately = new ArrayList<>(Tokenizer.tokenize(a));
    separately.addAll(Tokenizer.tokenize(b));

    assertThat(Tokenizer.tokenize(a + " " + b)).isEqualTo(separately);
  }

  @Property
  void wordsHoldOnlyWhatWordsAreMadeOf(@ForAll("anyText") String text) {
    assertThat(Tokenizer.tokenize(text))
        .allSatisfy(
            word ->
                assertThat(word.codePoints())
                    .isNotEmpty()
                    .noneMatch(c -> Character.isUpperCase(c) || Character.isWhitespace(c)));
  }

  /** All of Unicode, also unpaired surrogates, with the ASCII letters often enough to matter. */
  @Provide
  Arbitrary<String> anyText() {
    return Arbitraries.oneOf(
        Arbitraries.strings().withCharRange(Character.MIN_VALUE, Character.MAX_VALUE),
        Arbitraries.strings().ascii(),
        Arbitraries.integers()
            .between(0, Character.MAX_CODE_POINT)
            .list()
            .map(
                points -> {
                  StringBuilder text = new StringBuilder();
                  points.forEach(text::appendCodePoint);
                  return text.toString();
                }));
  }
}
