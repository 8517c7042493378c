package io.tarn.benchmark;

import java.util.List;

/** What a run measured, and on what. */
public record BenchmarkResult(Environment environment, List<DataSetResult> dataSets) {}
