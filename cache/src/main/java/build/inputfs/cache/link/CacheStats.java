package build.inputfs.cache.link;

/**
 * What a {@link DirectoryCache} holds, and what it has done since it was opened.
 *
 * @param trees trees, large subtrees included
 * @param pinned how many of them are in use, or part of others
 * @param bytes size of their files
 * @param entries number of their files, directories and symlinks
 * @param hits how often a tree was there
 * @param builds how many trees were built
 * @param evictions how many went to make room
 * @param damages how many were found damaged
 */
public record CacheStats(
    int trees,
    int pinned,
    long bytes,
    long entries,
    long hits,
    long builds,
    long evictions,
    long damages) {}
