package io.tarn.benchmark.jvector;

import io.tarn.benchmark.Contender;
import io.tarn.benchmark.Peer;

/** JVector's one way to search vectors. */
public final class JVectorContenders implements Peer.Contenders {
  @Override
  public Contender of(Peer peer) {
    if (peer != Peer.JVECTOR) {
      throw new IllegalArgumentException(peer + " is not JVector");
    }
    return new JVectorContender();
  }
}
