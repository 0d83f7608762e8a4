package org.pgbackfill.testkit;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Some ten thousand made-up people with the local part of their address, in the order of the bytes
 * of their addresses. That order holds however digits are put behind the local part: none of them
 * contains a character between {@code 0} and {@code @}.
 */
final class People {
  /**
   * Somebody.
   *
   * @param local what stands before the @, in lower case; nobody else has the same
   * @param first the first name, as people write it
   * @param last the last name; may be empty
   * @param plain the whole name, as people write it
   * @param domain the one domain that the address is at, or empty where any will do
   */
  record Person(String local, String first, String last, String plain, String domain) {}

  private static final List<String> LATIN_FIRST =
      words(
          """
          Anna Amélie Andrés Åsa Ayşe Ben Bjørn Beatriz Carla Céline Chloé Daniel Dilan Đorđe Elif
          Émile Emma Erik Fatma Felix François Freya Gabriel Giulia Grace Hannah Hugo Ibrahim Inês
          Ingrid Isabel Jakub Jan Joana José Julia Jürgen Kim Klára Lars Lea Léa Liam Linh Luís Łukasz
          Magnus Maria Márta Matteo Max Mehmet Mia Minh Nadia Nils Noah Noémie Ola Oliver Olívia Øyvind
          Paula Pedro Petra Quentin Rafael Renée Robin Rosa Sam Sara Sinéad Siobhán Sofia Søren Štěpán
          Tariq Thérèse Tim Tomás Ugo Ursula Valentina Víctor Wanda William Xavier Yara Yusuf Zoë
          Zuzana
          """);
  private static final List<String> LATIN_LAST =
      words(
          """
          Adams Ångström Almeida Andersson Bach Bąk Becker Bianchi Bjørnstad Brown Byrne Çelik
          Černý Costa D'Angelo Dąbrowski Demir Díaz Dubois Eklund Fernández Fischer Fontaine Fuchs García
          Gonçalves Groß Gruber Haas Hansen Hernández Horváth Ivanov Jansen Jensen Jones Jørgensen
          Kaya Keller Kim Kowalski Krüger Lambert Larsen Lee Lefèvre López Łuczak Martin Meyer
          Møller Moreau Müller Murphy Németh Nguyễn Nilsson Novák Nowak O'Brien Öztürk Olsen Papp
          Pereira Petit Phạm Popescu Quinn Ramírez Ribeiro Ricci Rossi Roux Sanchez Santos Schäfer
          Schmidt Şahin Silva Smith Smith-Jones Sørensen Svoboda Szabó Taylor Tóth Trần Ünal
          Vaz Virtanen Vogel Wagner Walsh Weiß Wiśniewski Wójcik Yıldız Young Zając Zhang
          """);

  // Names in other scripts with the way they are spelled in most addresses.
  private static final List<String> CYRILLIC_FIRST =
      words("Анна=anna Иван=ivan Мария=mariya Олена=olena Пётр=pyotr Ђорђе=djordje Юлия=yuliya");
  private static final List<String> CYRILLIC_LAST =
      words("Иванов=ivanov Шевченко=shevchenko Кузнецов=kuznetsov Щербак=shcherbak Ковач=kovach");
  private static final List<String> GREEK_FIRST = words("Ελένη=eleni Νίκος=nikos Μαρία=maria");
  private static final List<String> GREEK_LAST = words("Παπαδάκη=papadaki Γεωργίου=georgiou");
  private static final List<String> CHINESE_FIRST =
      words("伟=wei 芳=fang 秀英=xiuying 敏=min 静=jing 子涵=zihan 浩然=haoran");
  private static final List<String> CHINESE_LAST =
      words("王=wang 李=li 张=zhang 刘=liu 陈=chen 欧阳=ouyang");
  private static final List<String> JAPANESE_FIRST =
      words("さくら=sakura 健太=kenta 美咲=misaki タロウ=taro 葵=aoi");
  private static final List<String> JAPANESE_LAST =
      words("佐藤=sato 鈴木=suzuki 高橋=takahashi 𠮷田=yoshida 渡邉=watanabe");
  private static final List<String> KOREAN_FIRST = words("민준=minjun 서연=seoyeon 지우=jiwoo");
  private static final List<String> KOREAN_LAST = words("김=gim 이=yi 박=bak 최=choe");
  private static final List<String> ARABIC_FIRST =
      words("محمد=mohammed فاطمة=fatima أحمد=ahmad ليلى=layla");
  private static final List<String> ARABIC_LAST = words("حسن=hassan الخطيب=alkhatib منصور=mansour");
  private static final List<String> HEBREW_FIRST = words("נועה=noa דוד=david שרה=sarah");
  private static final List<String> HEBREW_LAST = words("כהן=cohen לוי=levi");
  private static final List<String> DEVANAGARI_FIRST = words("आरव=aarav प्रिया=priya राहुल=rahul");
  private static final List<String> DEVANAGARI_LAST = words("शर्मा=sharma पटेल=patel");
  private static final List<String> THAI_FIRST = words("สมชาย=somchai มาลี=malee");
  private static final List<String> THAI_LAST = words("ใจดี=jaidee สุขใจ=sukjai");

  private static final List<String> SHARED_MAILBOXES =
      words("info sales office support billing hello press jobs no-reply abuse");

  private People() {}

  static List<Person> all() {
    // '@' ends the local part, so it belongs to what is compared.
    Map<String, Person> byLocal =
        new TreeMap<>(
            Comparator.comparing((String local) -> local + "@", People::compareCodePoints));
    addInternational(byLocal);
    for (String first : LATIN_FIRST) {
      for (String last : LATIN_LAST) {
        addLatin(byLocal, first, last);
      }
    }
    addScript(byLocal, CYRILLIC_FIRST, CYRILLIC_LAST, NameOrder.FIRST_LAST);
    addScript(byLocal, GREEK_FIRST, GREEK_LAST, NameOrder.FIRST_LAST);
    addScript(byLocal, CHINESE_FIRST, CHINESE_LAST, NameOrder.LAST_FIRST);
    addScript(byLocal, JAPANESE_FIRST, JAPANESE_LAST, NameOrder.LAST_FIRST);
    addScript(byLocal, KOREAN_FIRST, KOREAN_LAST, NameOrder.LAST_FIRST);
    addScript(byLocal, ARABIC_FIRST, ARABIC_LAST, NameOrder.FIRST_LAST);
    addScript(byLocal, HEBREW_FIRST, HEBREW_LAST, NameOrder.FIRST_LAST);
    addScript(byLocal, DEVANAGARI_FIRST, DEVANAGARI_LAST, NameOrder.FIRST_LAST);
    addScript(byLocal, THAI_FIRST, THAI_LAST, NameOrder.FIRST_LAST);
    for (String mailbox : SHARED_MAILBOXES) {
      String name = mailbox.substring(0, 1).toUpperCase(Locale.ROOT) + mailbox.substring(1);
      add(byLocal, new Person(mailbox, name, "", name + " desk", ""));
    }
    return List.copyOf(byLocal.values());
  }

  /** By Unicode code points, which is the order of UTF-8 bytes; {@code compareTo} is not. */
  static int compareCodePoints(String a, String b) {
    int[] left = a.codePoints().toArray();
    int[] right = b.codePoints().toArray();
    return Arrays.compare(left, right);
  }

  /** How people write a name. */
  private enum NameOrder {
    /** with a space between */
    FIRST_LAST,
    /** without a space */
    LAST_FIRST;

    String plain(String first, String last) {
      return switch (this) {
        case FIRST_LAST -> first + " " + last;
        case LAST_FIRST -> last + first;
      };
    }
  }

  /** Addresses that are not ASCII on either side of the @, each at a domain of its own script. */
  private static void addInternational(Map<String, Person> byLocal) {
    add(byLocal, new Person("用户", "用户", "", "用户", "例子.公司"));
    add(byLocal, new Person("müller", "Jörg", "Müller", "Jörg Müller", "bücher.example"));
    add(byLocal, new Person("søren.ærø", "Søren", "Ærø", "Søren Ærø", "blåbær.example"));
    add(byLocal, new Person("josé.peña", "José", "Peña", "José Peña", "mañana.example"));
    addNative(byLocal, CYRILLIC_FIRST, CYRILLIC_LAST, NameOrder.FIRST_LAST, "пример.испытание");
    addNative(byLocal, CHINESE_FIRST, CHINESE_LAST, NameOrder.LAST_FIRST, "例子.公司");
    addNative(byLocal, JAPANESE_FIRST, JAPANESE_LAST, NameOrder.LAST_FIRST, "例え.テスト");
    addNative(byLocal, KOREAN_FIRST, KOREAN_LAST, NameOrder.LAST_FIRST, "실례.테스트");
    addNative(byLocal, GREEK_FIRST, GREEK_LAST, NameOrder.FIRST_LAST, "παράδειγμα.δοκιμή");
  }

  private static void addNative(
      Map<String, Person> byLocal,
      List<String> firsts,
      List<String> lasts,
      NameOrder order,
      String domain) {
    for (String one : firsts) {
      for (String other : lasts) {
        String first = display(one);
        String last = display(other);
        String local =
            switch (order) {
              case FIRST_LAST -> first + "." + last;
              case LAST_FIRST -> last + "." + first;
            };
        String plain = order.plain(first, last);
        add(byLocal, new Person(local.toLowerCase(Locale.ROOT), first, last, plain, domain));
      }
    }
  }

  private static void addLatin(Map<String, Person> byLocal, String first, String last) {
    String firstAscii = ascii(first);
    String lastAscii = ascii(last);
    // Always the same form for the same two names, so that the list never changes.
    String local =
        switch (Math.floorMod((firstAscii + lastAscii).hashCode(), 12)) {
          case 0 -> firstAscii.charAt(0) + "." + lastAscii;
          case 1 -> firstAscii.charAt(0) + lastAscii;
          case 2 -> firstAscii + "_" + lastAscii;
          case 3 -> lastAscii + "." + firstAscii;
          case 4 -> firstAscii + "." + lastAscii + "+news";
          default -> firstAscii + "." + lastAscii;
        };
    add(byLocal, new Person(local, first, last, first + " " + last, ""));
  }

  private static void addScript(
      Map<String, Person> byLocal, List<String> firsts, List<String> lasts, NameOrder order) {
    for (String first : firsts) {
      for (String last : lasts) {
        String plain = order.plain(display(first), display(last));
        String local = spelled(first) + "." + spelled(last);
        add(byLocal, new Person(local, display(first), display(last), plain, ""));
      }
    }
  }

  private static void add(Map<String, Person> byLocal, Person person) {
    byLocal.putIfAbsent(person.local(), person);
  }

  private static String display(String word) {
    return word.substring(0, word.indexOf('='));
  }

  private static String spelled(String word) {
    return word.substring(word.indexOf('=') + 1);
  }

  private static String ascii(String name) {
    String spelled =
        name.toLowerCase(Locale.ROOT)
            .replace("ü", "ue")
            .replace("ö", "oe")
            .replace("ä", "ae")
            .replace("ß", "ss")
            .replace("ø", "oe")
            .replace("ł", "l")
            .replace("đ", "d")
            .replace("ı", "i")
            .replace("'", "");
    return Normalizer.normalize(spelled, Normalizer.Form.NFD).replaceAll("\\p{M}", "");
  }

  private static List<String> words(String text) {
    Collection<String> words = new ArrayList<>();
    for (String word : text.strip().split("\\s+", -1)) {
      words.add(word);
    }
    return List.copyOf(words);
  }
}
