package org.pgbackfill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.BitSet;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PermutationTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 16, 17, 1_000, 4_096, 4_097, 100_000})
  void everyNumberComesExactlyOnce(int size) {
    Permutation permutation = new Permutation(size, 3);
    BitSet seen = new BitSet();
    for (int position = 0; position < size; position++) {
      seen.set(Math.toIntExact(permutation.at(position)));
    }
    assertEquals(size, seen.cardinality());
    assertEquals(size, seen.length());
  }

  @Test
  void anotherSeedGivesAnotherOrder() {
    assertEquals(order(1), order(1));
    assertNotEquals(order(1), order(2));
    assertNotEquals(LongStream.range(0, 50).boxed().toList(), order(1));
  }

  @Test
  void positionsOutsideAreRefused() {
    Permutation permutation = new Permutation(10, 1);
    assertThrows(IndexOutOfBoundsException.class, () -> permutation.at(10));
    assertThrows(IndexOutOfBoundsException.class, () -> permutation.at(-1));
  }

  private static List<Long> order(long seed) {
    Permutation permutation = new Permutation(50, seed);
    return LongStream.range(0, 50).map(permutation::at).boxed().toList();
  }
}
