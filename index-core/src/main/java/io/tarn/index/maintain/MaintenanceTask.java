package io.tarn.index.maintain;

import java.util.List;

/** One thing worth doing to an index, and why. */
public sealed interface MaintenanceTask {
  /** Why it is worth doing, in words and numbers. */
  String reason();

  /** Make one segment of these. */
  record Merge(List<String> segments, String reason) implements MaintenanceTask {
    public Merge {
      segments = List.copyOf(segments);
    }
  }

  /** Write these segments anew without their dead rows. */
  record RewriteSegments(List<String> segments, String reason) implements MaintenanceTask {
    public RewriteSegments {
      segments = List.copyOf(segments);
    }
  }

  /** Write the segments anew that hold dead rows of these lists. */
  record RewriteLists(List<Integer> lists, String reason) implements MaintenanceTask {
    public RewriteLists {
      lists = List.copyOf(lists);
    }
  }

  /**
   * Divide each of these lists, and put others in order with them, so that rows move once.
   *
   * @param moving lists that go to where their rows are, as those do that are divided
   * @param superfluous lists that are taken out of the model
   * @param partRows about how many rows a part is to have
   */
  record Split(
      List<Integer> lists,
      List<Integer> moving,
      List<Integer> superfluous,
      long partRows,
      String reason)
      implements MaintenanceTask {
    public Split {
      lists = List.copyOf(lists);
      moving = List.copyOf(moving);
      superfluous = List.copyOf(superfluous);
    }
  }

  /**
   * Make lists for rows that have come in numbers where there were few. Rows of other segments stay
   * where they are, even if such a list is nearer to them.
   *
   * @param segments the segments that have come
   * @param firstList lists with this id or a larger one were made for such rows before, and are
   *     made anew; no other segment has rows of them
   * @param cameRows how many rows have come since that was last tried
   * @param listRows about how many rows a list is to have
   */
  record AddLists(List<String> segments, int firstList, long cameRows, long listRows, String reason)
      implements MaintenanceTask {
    public AddLists {
      segments = List.copyOf(segments);
    }
  }

  /** Take these lists out of the model. */
  record Dissolve(List<Integer> lists, String reason) implements MaintenanceTask {
    public Dissolve {
      lists = List.copyOf(lists);
    }
  }
}
