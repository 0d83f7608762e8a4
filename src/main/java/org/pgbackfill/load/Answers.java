package org.pgbackfill.load;

import java.util.Arrays;

/** What is known of a chunk's rows before it is loaded, in their order. Immutable. */
public final class Answers {
  /** Of no row. */
  public static final Answers NONE = new Answers(new KeySet.Answer[0], true);

  private final KeySet.Answer[] all;
  private final boolean settleAll;

  /**
   * Of rows that {@linkplain ChunkLoader#areThere are all there}.
   *
   * @param count how many
   * @return which leave nothing to write
   */
  public static Answers there(int count) {
    KeySet.Answer[] all = new KeySet.Answer[count];
    Arrays.fill(all, KeySet.Answer.THERE);
    return new Answers(all, true);
  }

  /**
   * Of some rows.
   *
   * @param all by place; not to be changed any more
   * @param settleAll whether no row needs more than its answer: there is nothing to write
   */
  Answers(KeySet.Answer[] all, boolean settleAll) {
    this.all = all;
    this.settleAll = settleAll;
  }

  /**
   * Whether they leave nothing to write but the ledger's mark.
   *
   * @return false where a row has to be written or looked for
   */
  public boolean settleAll() {
    return settleAll;
  }

  /**
   * With those of the rows behind.
   *
   * @param next theirs
   * @return those of both, as one chunk's
   */
  public Answers and(Answers next) {
    KeySet.Answer[] both = Arrays.copyOf(all, size() + next.size());
    System.arraycopy(next.all, 0, both, size(), next.size());
    return new Answers(both, settleAll && next.settleAll);
  }

  /**
   * Of how many rows.
   *
   * @return 0 and more
   */
  public int size() {
    return all.length;
  }

  KeySet.Answer of(int place) {
    return all[place];
  }
}
