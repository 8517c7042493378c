package io.tarn.index.snapshot;

import java.io.Serializable;

/**
 * A measured point of the recall curve.
 *
 * @param nprobe lists probed
 * @param k neighbours asked for
 * @param recall the mean share of the true k nearest that was found
 */
public record CalibrationPoint(int nprobe, int k, double recall) implements Serializable {}
