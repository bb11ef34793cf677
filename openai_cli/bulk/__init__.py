"""Many requests from one process: lines in, results out, a journal that survives a crash.

input file ──▶ InputFile ──▶ WorkerPool ──▶ the caller's function, one line each ──▶ Journal
                                 ▲
                    RateLimit, Shard, Tally: which lines may start, and when
"""
