-- Articles, and the newest version that is known of each, withdrawn ones included.

-- PostgreSQL's own text search configuration for a BCP 47 tag; 'simple' (no stemming) where it has none.
create function text_search_config(tag text) returns regconfig
language sql immutable parallel safe as $$
    select case split_part(lower(tag), '-', 1)
        when 'ar' then 'pg_catalog.arabic'::regconfig
        when 'ca' then 'pg_catalog.catalan'::regconfig
        when 'da' then 'pg_catalog.danish'::regconfig
        when 'de' then 'pg_catalog.german'::regconfig
        when 'el' then 'pg_catalog.greek'::regconfig
        when 'en' then 'pg_catalog.english'::regconfig
        when 'es' then 'pg_catalog.spanish'::regconfig
        when 'eu' then 'pg_catalog.basque'::regconfig
        when 'fi' then 'pg_catalog.finnish'::regconfig
        when 'fr' then 'pg_catalog.french'::regconfig
        when 'ga' then 'pg_catalog.irish'::regconfig
        when 'hi' then 'pg_catalog.hindi'::regconfig
        when 'hu' then 'pg_catalog.hungarian'::regconfig
        when 'hy' then 'pg_catalog.armenian'::regconfig
        when 'id' then 'pg_catalog.indonesian'::regconfig
        when 'it' then 'pg_catalog.italian'::regconfig
        when 'lt' then 'pg_catalog.lithuanian'::regconfig
        when 'nb' then 'pg_catalog.norwegian'::regconfig
        when 'ne' then 'pg_catalog.nepali'::regconfig
        when 'nl' then 'pg_catalog.dutch'::regconfig
        when 'nn' then 'pg_catalog.norwegian'::regconfig
        when 'no' then 'pg_catalog.norwegian'::regconfig
        when 'pt' then 'pg_catalog.portuguese'::regconfig
        when 'ro' then 'pg_catalog.romanian'::regconfig
        when 'ru' then 'pg_catalog.russian'::regconfig
        when 'sr' then 'pg_catalog.serbian'::regconfig
        when 'sv' then 'pg_catalog.swedish'::regconfig
        when 'ta' then 'pg_catalog.tamil'::regconfig
        when 'tr' then 'pg_catalog.turkish'::regconfig
        when 'yi' then 'pg_catalog.yiddish'::regconfig
        else 'pg_catalog.simple'::regconfig
    end
$$;

-- Which version of an article counts: the latest `as_of`, then `place`, then the greatest `number`. A row
-- stays when its article is withdrawn, so that an older version cannot bring it back.
create table versions (
    id        text primary key,
    as_of     timestamptz not null,  -- fetched_at, else the Kafka time, else -infinity (withdrawn: infinity)
    place     text not null,         -- the Kafka topic and partition, or the file
    number    bigint not null,       -- the Kafka offset, or the record's number in the file
    withdrawn boolean not null
);

create table articles (
    id                  text primary key,
    url                 text,
    publisher           text,
    title               text,
    text                text not null,
    language            text not null,          -- BCP 47; und where it is not sure
    topics              text[] not null,        -- codes: medtop:11000000, and of topics under them
    published_at        timestamptz,
    fetched_at          timestamptz,
    char_count          integer not null,
    word_count          integer not null,
    record              jsonb not null,         -- the whole record (article.v1), but for its text
    -- Its first 200,000 characters: PostgreSQL takes at most 1 MB of words.
    search              tsvector not null generated always as (
        setweight(to_tsvector(text_search_config(language), coalesce(title, '')), 'A')
        || to_tsvector(text_search_config(language), left(text, 200000))
    ) stored
);

create index articles_search on articles using gin (search);
create index articles_topics on articles using gin (topics);
create index articles_published_at on articles (published_at desc);
create index articles_language on articles (language, published_at desc);
create index articles_publisher on articles using hash (publisher);  -- as long as one may be

create table dead_letters (
    place       text not null,
    number      bigint not null,
    id          text,
    kind        text not null,
    reason      text not null,
    step        text not null,
    record      jsonb not null,                 -- the whole letter (dead_letter.v1)
    primary key (place, number, step)
);

create index dead_letters_reason on dead_letters (reason, step);
