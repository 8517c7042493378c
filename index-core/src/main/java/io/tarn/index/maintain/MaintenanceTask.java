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
   * Divide each of these lists.
   *
   * @param partRows about how many rows a part is to have
   */
  record Split(List<Integer> lists, long partRows, String reason) implements MaintenanceTask {
    public Split {
      lists = List.copyOf(lists);
    }
  }

  /** Take these lists out of the model. */
  record Dissolve(List<Integer> lists, String reason) implements MaintenanceTask {
    public Dissolve {
      lists = List.copyOf(lists);
    }
  }
}
